import {
  type Api,
  type Decoded,
  type Input,
  api,
  array,
  int16,
  int32,
  int64,
  request,
  response,
  string,
  uuid,
} from '../schema/index.ts'

export const describeShareGroupOffsetsRequest = request(
  'DescribeShareGroupOffsets',
  { versions: '0-1', flexible: '0+' },
  {
    groups: array({
      groupId: string(),
      topics: array(
        {
          topicName: string(),
          partitions: array(int32()),
        },
        { nullable: '0+' },
      ),
    }),
  },
)

export const describeShareGroupOffsetsResponse = response(
  'DescribeShareGroupOffsets',
  { versions: '0-1', flexible: '0+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    groups: array({
      groupId: string(),
      topics: array({
        topicName: string(),
        topicId: uuid(),
        partitions: array({
          partitionIndex: int32(),
          startOffset: int64(),
          leaderEpoch: int32(),
          lag: int64({ versions: '1+', default: -1, ignorable: true }),
          errorCode: int16(),
          errorMessage: string({ nullable: '0+', default: null }),
        }),
      }),
      errorCode: int16(),
      errorMessage: string({ nullable: '0+', default: null }),
    }),
  },
)

export interface DescribeShareGroupOffsetsRequest extends Decoded<typeof describeShareGroupOffsetsRequest> {}
export interface DescribeShareGroupOffsetsRequestInput extends Input<typeof describeShareGroupOffsetsRequest> {}
export interface DescribeShareGroupOffsetsResponse extends Decoded<typeof describeShareGroupOffsetsResponse> {}
export interface DescribeShareGroupOffsetsResponseInput extends Input<typeof describeShareGroupOffsetsResponse> {}

export const describeShareGroupOffsetsApi: Api<
  DescribeShareGroupOffsetsRequest,
  DescribeShareGroupOffsetsResponse,
  DescribeShareGroupOffsetsRequestInput,
  DescribeShareGroupOffsetsResponseInput
> = api(90, 'DescribeShareGroupOffsets', describeShareGroupOffsetsRequest, describeShareGroupOffsetsResponse)
