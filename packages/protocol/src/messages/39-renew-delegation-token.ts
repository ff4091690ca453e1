import { type Decoded, type Input, api, bytes, int16, int32, millis, request, response } from '../schema/index.ts'

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

export const renewDelegationTokenApi = api(
  39,
  'RenewDelegationToken',
  renewDelegationTokenRequest,
  renewDelegationTokenResponse,
)

export type RenewDelegationTokenRequest = Decoded<typeof renewDelegationTokenRequest>
export type RenewDelegationTokenRequestInput = Input<typeof renewDelegationTokenRequest>
export type RenewDelegationTokenResponse = Decoded<typeof renewDelegationTokenResponse>
export type RenewDelegationTokenResponseInput = Input<typeof renewDelegationTokenResponse>
