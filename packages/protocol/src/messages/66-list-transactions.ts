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

export interface ListTransactionsRequest extends Decoded<typeof listTransactionsRequest> {}
export interface ListTransactionsRequestInput extends Input<typeof listTransactionsRequest> {}
export interface ListTransactionsResponse extends Decoded<typeof listTransactionsResponse> {}
export interface ListTransactionsResponseInput extends Input<typeof listTransactionsResponse> {}

export const listTransactionsApi: Api<
  ListTransactionsRequest,
  ListTransactionsResponse,
  ListTransactionsRequestInput,
  ListTransactionsResponseInput
> = api(66, 'ListTransactions', listTransactionsRequest, listTransactionsResponse)
