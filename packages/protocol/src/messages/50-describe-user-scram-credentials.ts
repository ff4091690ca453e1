import { type Decoded, type Input, api, array, int16, int32, int8, request, response, string } from '../schema/index.ts'

export const describeUserScramCredentialsRequest = request(
  'DescribeUserScramCredentials',
  { versions: '0', flexible: '0+' },
  {
    users: array(
      {
        name: string(),
      },
      { nullable: '0+' },
    ),
  },
)

export const describeUserScramCredentialsResponse = response(
  'DescribeUserScramCredentials',
  { versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
    results: array({
      user: string(),
      errorCode: int16(),
      errorMessage: string({ nullable: '0+' }),
      credentialInfos: array({
        mechanism: int8(),
        iterations: int32(),
      }),
    }),
  },
)

export const describeUserScramCredentialsApi = api(
  50,
  'DescribeUserScramCredentials',
  describeUserScramCredentialsRequest,
  describeUserScramCredentialsResponse,
)

export type DescribeUserScramCredentialsRequest = Decoded<typeof describeUserScramCredentialsRequest>
export type DescribeUserScramCredentialsRequestInput = Input<typeof describeUserScramCredentialsRequest>
export type DescribeUserScramCredentialsResponse = Decoded<typeof describeUserScramCredentialsResponse>
export type DescribeUserScramCredentialsResponseInput = Input<typeof describeUserScramCredentialsResponse>
