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

export const describeDelegationTokenRequest = request(
  'DescribeDelegationToken',
  { versions: '1-3', flexible: '2+' },
  {
    owners: array(
      {
        principalType: string(),
        principalName: string(),
      },
      { nullable: '0+' },
    ),
  },
)

export const describeDelegationTokenResponse = response(
  'DescribeDelegationToken',
  { versions: '1-3', flexible: '2+' },
  {
    errorCode: int16(),
    tokens: array({
      principalType: string(),
      principalName: string(),
      tokenRequesterPrincipalType: string({ versions: '3+' }),
      tokenRequesterPrincipalName: string({ versions: '3+' }),
      issueTimestamp: millis(),
      expiryTimestamp: millis(),
      maxTimestamp: millis(),
      tokenId: string(),
      hmac: bytes(),
      renewers: array({
        principalType: string(),
        principalName: string(),
      }),
    }),
    throttleTimeMs: int32({ default: 0 }),
  },
)

export interface DescribeDelegationTokenRequest extends Decoded<typeof describeDelegationTokenRequest> {}
export interface DescribeDelegationTokenRequestInput extends Input<typeof describeDelegationTokenRequest> {}
export interface DescribeDelegationTokenResponse extends Decoded<typeof describeDelegationTokenResponse> {}
export interface DescribeDelegationTokenResponseInput extends Input<typeof describeDelegationTokenResponse> {}

export const describeDelegationTokenApi: Api<
  DescribeDelegationTokenRequest,
  DescribeDelegationTokenResponse,
  DescribeDelegationTokenRequestInput,
  DescribeDelegationTokenResponseInput
> = api(41, 'DescribeDelegationToken', describeDelegationTokenRequest, describeDelegationTokenResponse)
