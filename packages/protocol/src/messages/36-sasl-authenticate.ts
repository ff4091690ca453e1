import {
  type Api,
  type Decoded,
  type Input,
  api,
  bytes,
  int16,
  millis,
  request,
  response,
  string,
} from '../schema/index.ts'

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

export interface SaslAuthenticateRequest extends Decoded<typeof saslAuthenticateRequest> {}
export interface SaslAuthenticateRequestInput extends Input<typeof saslAuthenticateRequest> {}
export interface SaslAuthenticateResponse extends Decoded<typeof saslAuthenticateResponse> {}
export interface SaslAuthenticateResponseInput extends Input<typeof saslAuthenticateResponse> {}

export const saslAuthenticateApi: Api<
  SaslAuthenticateRequest,
  SaslAuthenticateResponse,
  SaslAuthenticateRequestInput,
  SaslAuthenticateResponseInput
> = api(36, 'SaslAuthenticate', saslAuthenticateRequest, saslAuthenticateResponse)
