import { type Decoded, type Input, api, bytes, int16, request, response } from '../schema/index.ts'

export const envelopeRequest = request(
  'Envelope',
  { versions: '0', flexible: '0+' },
  {
    requestData: bytes(),
    requestPrincipal: bytes({ nullable: '0+' }),
    clientHostAddress: bytes(),
  },
)

export const envelopeResponse = response(
  'Envelope',
  { versions: '0', flexible: '0+' },
  {
    responseData: bytes({ nullable: '0+', default: null }),
    errorCode: int16(),
  },
)

export const envelopeApi = api(58, 'Envelope', envelopeRequest, envelopeResponse)

export type EnvelopeRequest = Decoded<typeof envelopeRequest>
export type EnvelopeRequestInput = Input<typeof envelopeRequest>
export type EnvelopeResponse = Decoded<typeof envelopeResponse>
export type EnvelopeResponseInput = Input<typeof envelopeResponse>
