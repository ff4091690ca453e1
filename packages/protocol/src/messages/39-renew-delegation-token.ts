import {
  type Api,
  type Decoded,
  type Input,
  api,
  bytes,
  int16,
  int32,
  millis,
  request,
  response,
} from '../schema/index.ts'

export const renewDelegationTokenRequest = request(
  'RenewDelegationToken',
  { versions: '1-2', flexible: '2+' },
  {
    hmac: bytes(),
    renewPeriodMs: millis(),
  },
)

export const renewDelegationTokenResponse = response(
  'RenewDelegationToken',
  { versions: '1-2', flexible: '2+' },
  {
    errorCode: int16(),
    expiryTimestampMs: millis(),
    throttleTimeMs: int32({ default: 0 }),
  },
)

export interface RenewDelegationTokenRequest extends Decoded<typeof renewDelegationTokenRequest> {}
export interface RenewDelegationTokenRequestInput extends Input<typeof renewDelegationTokenRequest> {}
export interface RenewDelegationTokenResponse extends Decoded<typeof renewDelegationTokenResponse> {}
export interface RenewDelegationTokenResponseInput extends Input<typeof renewDelegationTokenResponse> {}

export const renewDelegationTokenApi: Api<
  RenewDelegationTokenRequest,
  RenewDelegationTokenResponse,
  RenewDelegationTokenRequestInput,
  RenewDelegationTokenResponseInput
> = api(39, 'RenewDelegationToken', renewDelegationTokenRequest, renewDelegationTokenResponse)
