import { type Api, type Decoded, type Input, api, bytes, int16, request, response } from '../schema/index.ts'

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

export interface EnvelopeRequest extends Decoded<typeof envelopeRequest> {}
export interface EnvelopeRequestInput extends Input<typeof envelopeRequest> {}
export interface EnvelopeResponse extends Decoded<typeof envelopeResponse> {}
export interface EnvelopeResponseInput extends Input<typeof envelopeResponse> {}

export const envelopeApi: Api<EnvelopeRequest, EnvelopeResponse, EnvelopeRequestInput, EnvelopeResponseInput> = api(
  58,
  'Envelope',
  envelopeRequest,
  envelopeResponse,
)
