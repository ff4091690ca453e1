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

export const listTransactionsRequest = request(
  'ListTransactions',
  { versions: '0-2', flexible: '0+' },
  {
    stateFilters: array(string()),
    producerIdFilters: array(int64()),
    durationFilter: millis({ versions: '1+', default: -1 }),
    transactionalIdPattern: string({ versions: '2+', nullable: '2+', default: null }),
  },
)

export const listTransactionsResponse = response(
  'ListTransactions',
  { versions: '0-2', flexible: '0+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    unknownStateFilters: array(string()),
    transactionStates: array({
      transactionalId: string(),
      producerId: int64(),
      transactionState: string(),
    }),
  },
)

export const listTransactionsApi = api(66, 'ListTransactions', listTransactionsRequest, listTransactionsResponse)

export type ListTransactionsRequest = Decoded<typeof listTransactionsRequest>
export type ListTransactionsRequestInput = Input<typeof listTransactionsRequest>
export type ListTransactionsResponse = Decoded<typeof listTransactionsResponse>
export type ListTransactionsResponseInput = Input<typeof listTransactionsResponse>
