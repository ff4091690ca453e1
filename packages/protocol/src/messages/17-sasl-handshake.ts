import { type Decoded, type Input, api, array, int16, request, response, string } from '../schema/index.ts'

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

export const saslHandshakeApi = api(17, 'SaslHandshake', saslHandshakeRequest, saslHandshakeResponse)

export type SaslHandshakeRequest = Decoded<typeof saslHandshakeRequest>
export type SaslHandshakeRequestInput = Input<typeof saslHandshakeRequest>
export type SaslHandshakeResponse = Decoded<typeof saslHandshakeResponse>
export type SaslHandshakeResponseInput = Input<typeof saslHandshakeResponse>
