import {
  type Api,
  type Decoded,
  type Input,
  api,
  bool,
  int16,
  int32,
  int64,
  request,
  response,
  string,
} from '../schema/index.ts'

export const endTxnRequest = request(
  'EndTxn',
  { versions: '0-5', flexible: '3+' },
  {
    transactionalId: string(),
    producerId: int64(),
    producerEpoch: int16(),
    committed: bool(),
  },
)

export const endTxnResponse = response(
  'EndTxn',
  { versions: '0-5', flexible: '3+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    producerId: int64({ versions: '5+', default: -1, ignorable: true }),
    producerEpoch: int16({ versions: '5+', default: -1, ignorable: true }),
  },
)

export interface EndTxnRequest extends Decoded<typeof endTxnRequest> {}
export interface EndTxnRequestInput extends Input<typeof endTxnRequest> {}
export interface EndTxnResponse extends Decoded<typeof endTxnResponse> {}
export interface EndTxnResponseInput extends Input<typeof endTxnResponse> {}

export const endTxnApi: Api<EndTxnRequest, EndTxnResponse, EndTxnRequestInput, EndTxnResponseInput> = api(
  26,
  'EndTxn',
  endTxnRequest,
  endTxnResponse,
)
