import {
  type Api,
  type Decoded,
  type Input,
  api,
  array,
  int16,
  int32,
  int8,
  request,
  response,
  string,
} from '../schema/index.ts'

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

export interface DescribeUserScramCredentialsRequest extends Decoded<typeof describeUserScramCredentialsRequest> {}
export interface DescribeUserScramCredentialsRequestInput extends Input<typeof describeUserScramCredentialsRequest> {}
export interface DescribeUserScramCredentialsResponse extends Decoded<typeof describeUserScramCredentialsResponse> {}
export interface DescribeUserScramCredentialsResponseInput extends Input<typeof describeUserScramCredentialsResponse> {}

export const describeUserScramCredentialsApi: Api<
  DescribeUserScramCredentialsRequest,
  DescribeUserScramCredentialsResponse,
  DescribeUserScramCredentialsRequestInput,
  DescribeUserScramCredentialsResponseInput
> = api(50, 'DescribeUserScramCredentials', describeUserScramCredentialsRequest, describeUserScramCredentialsResponse)
