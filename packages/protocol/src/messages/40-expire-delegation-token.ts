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

export const expireDelegationTokenRequest = request(
  'ExpireDelegationToken',
  { versions: '1-2', flexible: '2+' },
  {
    hmac: bytes(),
    expiryTimePeriodMs: millis(),
  },
)

export const expireDelegationTokenResponse = response(
  'ExpireDelegationToken',
  { versions: '1-2', flexible: '2+' },
  {
    errorCode: int16(),
    expiryTimestampMs: millis(),
    throttleTimeMs: int32({ default: 0 }),
  },
)

export interface ExpireDelegationTokenRequest extends Decoded<typeof expireDelegationTokenRequest> {}
export interface ExpireDelegationTokenRequestInput extends Input<typeof expireDelegationTokenRequest> {}
export interface ExpireDelegationTokenResponse extends Decoded<typeof expireDelegationTokenResponse> {}
export interface ExpireDelegationTokenResponseInput extends Input<typeof expireDelegationTokenResponse> {}

export const expireDelegationTokenApi: Api<
  ExpireDelegationTokenRequest,
  ExpireDelegationTokenResponse,
  ExpireDelegationTokenRequestInput,
  ExpireDelegationTokenResponseInput
> = api(40, 'ExpireDelegationToken', expireDelegationTokenRequest, expireDelegationTokenResponse)
