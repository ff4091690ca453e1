import { type Decoded, type Input, api, bytes, int16, int32, millis, request, response } from '../schema/index.ts'

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

export const expireDelegationTokenApi = api(
  40,
  'ExpireDelegationToken',
  expireDelegationTokenRequest,
  expireDelegationTokenResponse,
)

export type ExpireDelegationTokenRequest = Decoded<typeof expireDelegationTokenRequest>
export type ExpireDelegationTokenRequestInput = Input<typeof expireDelegationTokenRequest>
export type ExpireDelegationTokenResponse = Decoded<typeof expireDelegationTokenResponse>
export type ExpireDelegationTokenResponseInput = Input<typeof expireDelegationTokenResponse>
