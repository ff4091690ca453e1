import {
  type Api,
  type Decoded,
  type Input,
  api,
  int16,
  int32,
  int64,
  request,
  response,
  string,
} from '../schema/index.ts'

export const addOffsetsToTxnRequest = request(
  'AddOffsetsToTxn',
  { versions: '0-4', flexible: '3+' },
  {
    transactionalId: string(),
    producerId: int64(),
    producerEpoch: int16(),
    groupId: string(),
  },
)

export const addOffsetsToTxnResponse = response(
  'AddOffsetsToTxn',
  { versions: '0-4', flexible: '3+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
  },
)

export interface AddOffsetsToTxnRequest extends Decoded<typeof addOffsetsToTxnRequest> {}
export interface AddOffsetsToTxnRequestInput extends Input<typeof addOffsetsToTxnRequest> {}
export interface AddOffsetsToTxnResponse extends Decoded<typeof addOffsetsToTxnResponse> {}
export interface AddOffsetsToTxnResponseInput extends Input<typeof addOffsetsToTxnResponse> {}

export const addOffsetsToTxnApi: Api<
  AddOffsetsToTxnRequest,
  AddOffsetsToTxnResponse,
  AddOffsetsToTxnRequestInput,
  AddOffsetsToTxnResponseInput
> = api(25, 'AddOffsetsToTxn', addOffsetsToTxnRequest, addOffsetsToTxnResponse)
