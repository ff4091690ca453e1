import {
  type Api,
  type Decoded,
  type Input,
  api,
  array,
  int16,
  int32,
  int64,
  millis,
  request,
  response,
  string,
} from '../schema/index.ts'

export const describeProducersRequest = request(
  'DescribeProducers',
  { versions: '0', flexible: '0+' },
  {
    topics: array({
      name: string(),
      partitionIndexes: array(int32()),
    }),
  },
)

export const describeProducersResponse = response(
  'DescribeProducers',
  { versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    topics: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+', default: null }),
        activeProducers: array({
          producerId: int64(),
          producerEpoch: int32(),
          lastSequence: int32({ default: -1 }),
          lastTimestamp: millis({ default: -1 }),
          coordinatorEpoch: int32(),
          currentTxnStartOffset: int64({ default: -1 }),
        }),
      }),
    }),
  },
)

export interface DescribeProducersRequest extends Decoded<typeof describeProducersRequest> {}
export interface DescribeProducersRequestInput extends Input<typeof describeProducersRequest> {}
export interface DescribeProducersResponse extends Decoded<typeof describeProducersResponse> {}
export interface DescribeProducersResponseInput extends Input<typeof describeProducersResponse> {}

export const describeProducersApi: Api<
  DescribeProducersRequest,
  DescribeProducersResponse,
  DescribeProducersRequestInput,
  DescribeProducersResponseInput
> = api(61, 'DescribeProducers', describeProducersRequest, describeProducersResponse)
