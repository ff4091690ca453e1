import {
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

export const describeTransactionsApi = api(
  65,
  'DescribeTransactions',
  describeTransactionsRequest,
  describeTransactionsResponse,
)

export type DescribeTransactionsRequest = Decoded<typeof describeTransactionsRequest>
export type DescribeTransactionsRequestInput = Input<typeof describeTransactionsRequest>
export type DescribeTransactionsResponse = Decoded<typeof describeTransactionsResponse>
export type DescribeTransactionsResponseInput = Input<typeof describeTransactionsResponse>
