import { type Api, type Decoded, type Input, api, array, int16, request, response, string } from '../schema/index.ts'

export const saslHandshakeRequest = request(
  'SaslHandshake',
  { versions: '0-1', flexible: 'none' },
  {
    mechanism: string(),
  },
)

export const saslHandshakeResponse = response(
  'SaslHandshake',
  { versions: '0-1', flexible: 'none' },
  {
    errorCode: int16(),
    mechanisms: array(string()),
  },
)

export interface SaslHandshakeRequest extends Decoded<typeof saslHandshakeRequest> {}
export interface SaslHandshakeRequestInput extends Input<typeof saslHandshakeRequest> {}
export interface SaslHandshakeResponse extends Decoded<typeof saslHandshakeResponse> {}
export interface SaslHandshakeResponseInput extends Input<typeof saslHandshakeResponse> {}

export const saslHandshakeApi: Api<
  SaslHandshakeRequest,
  SaslHandshakeResponse,
  SaslHandshakeRequestInput,
  SaslHandshakeResponseInput
> = api(17, 'SaslHandshake', saslHandshakeRequest, saslHandshakeResponse)
