import {
  type Api,
  type Decoded,
  type Input,
  api,
  array,
  bytes,
  int16,
  int32,
  millis,
  request,
  response,
  string,
} from '../schema/index.ts'

export const createDelegationTokenRequest = request(
  'CreateDelegationToken',
  { versions: '1-3', flexible: '2+' },
  {
    ownerPrincipalType: string({ versions: '3+', nullable: '3+' }),
    ownerPrincipalName: string({ versions: '3+', nullable: '3+' }),
    renewers: array({
      principalType: string(),
      principalName: string(),
    }),
    maxLifetimeMs: millis(),
  },
)

export const createDelegationTokenResponse = response(
  'CreateDelegationToken',
  { versions: '1-3', flexible: '2+' },
  {
    errorCode: int16(),
    principalType: string(),
    principalName: string(),
    tokenRequesterPrincipalType: string({ versions: '3+' }),
    tokenRequesterPrincipalName: string({ versions: '3+' }),
    issueTimestampMs: millis(),
    expiryTimestampMs: millis(),
    maxTimestampMs: millis(),
    tokenId: string(),
    hmac: bytes(),
    throttleTimeMs: int32({ default: 0 }),
  },
)

export interface CreateDelegationTokenRequest extends Decoded<typeof createDelegationTokenRequest> {}
export interface CreateDelegationTokenRequestInput extends Input<typeof createDelegationTokenRequest> {}
export interface CreateDelegationTokenResponse extends Decoded<typeof createDelegationTokenResponse> {}
export interface CreateDelegationTokenResponseInput extends Input<typeof createDelegationTokenResponse> {}

export const createDelegationTokenApi: Api<
  CreateDelegationTokenRequest,
  CreateDelegationTokenResponse,
  CreateDelegationTokenRequestInput,
  CreateDelegationTokenResponseInput
> = api(38, 'CreateDelegationToken', createDelegationTokenRequest, createDelegationTokenResponse)
