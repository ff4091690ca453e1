import { type Decoded, type Input, api, bytes, int16, millis, request, response, string } from '../schema/index.ts'

export const saslAuthenticateRequest = request(
  'SaslAuthenticate',
  { versions: '0-2', flexible: '2+' },
  {
    authBytes: bytes(),
  },
)

export const saslAuthenticateResponse = response(
  'SaslAuthenticate',
  { versions: '0-2', flexible: '2+' },
  {
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
    authBytes: bytes(),
    sessionLifetimeMs: millis({ versions: '1+', default: 0, ignorable: true }),
  },
)

export const saslAuthenticateApi = api(36, 'SaslAuthenticate', saslAuthenticateRequest, saslAuthenticateResponse)

export type SaslAuthenticateRequest = Decoded<typeof saslAuthenticateRequest>
export type SaslAuthenticateRequestInput = Input<typeof saslAuthenticateRequest>
export type SaslAuthenticateResponse = Decoded<typeof saslAuthenticateResponse>
export type SaslAuthenticateResponseInput = Input<typeof saslAuthenticateResponse>
