import { type Decoded, type Input, api, int16, int32, int64, request, response, string } from '../schema/index.ts'

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

export const addOffsetsToTxnApi = api(25, 'AddOffsetsToTxn', addOffsetsToTxnRequest, addOffsetsToTxnResponse)

export type AddOffsetsToTxnRequest = Decoded<typeof addOffsetsToTxnRequest>
export type AddOffsetsToTxnRequestInput = Input<typeof addOffsetsToTxnRequest>
export type AddOffsetsToTxnResponse = Decoded<typeof addOffsetsToTxnResponse>
export type AddOffsetsToTxnResponseInput = Input<typeof addOffsetsToTxnResponse>
