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

export const describeTransactionsRequest = request(
  'DescribeTransactions',
  { versions: '0', flexible: '0+' },
  {
    transactionalIds: array(string()),
  },
)

export const describeTransactionsResponse = response(
  'DescribeTransactions',
  { versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    transactionStates: array({
      errorCode: int16(),
      transactionalId: string(),
      transactionState: string(),
      transactionTimeoutMs: int32(),
      transactionStartTimeMs: millis(),
      producerId: int64(),
      producerEpoch: int16(),
      topics: array({
        topic: string(),
        partitions: array(int32()),
      }),
    }),
  },
)

export interface DescribeTransactionsRequest extends Decoded<typeof describeTransactionsRequest> {}
export interface DescribeTransactionsRequestInput extends Input<typeof describeTransactionsRequest> {}
export interface DescribeTransactionsResponse extends Decoded<typeof describeTransactionsResponse> {}
export interface DescribeTransactionsResponseInput extends Input<typeof describeTransactionsResponse> {}

export const describeTransactionsApi: Api<
  DescribeTransactionsRequest,
  DescribeTransactionsResponse,
  DescribeTransactionsRequestInput,
  DescribeTransactionsResponseInput
> = api(65, 'DescribeTransactions', describeTransactionsRequest, describeTransactionsResponse)
