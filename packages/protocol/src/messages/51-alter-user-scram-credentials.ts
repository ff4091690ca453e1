import {
  type Api,
  type Decoded,
  type Input,
  api,
  array,
  bytes,
  int16,
  int32,
  int8,
  request,
  response,
  string,
} from '../schema/index.ts'

export const alterUserScramCredentialsRequest = request(
  'AlterUserScramCredentials',
  { versions: '0', flexible: '0+' },
  {
    deletions: array({
      name: string(),
      mechanism: int8(),
    }),
    upsertions: array({
      name: string(),
      mechanism: int8(),
      iterations: int32(),
      salt: bytes(),
      saltedPassword: bytes(),
    }),
  },
)

export const alterUserScramCredentialsResponse = response(
  'AlterUserScramCredentials',
  { versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    results: array({
      user: string(),
      errorCode: int16(),
      errorMessage: string({ nullable: '0+' }),
    }),
  },
)

export interface AlterUserScramCredentialsRequest extends Decoded<typeof alterUserScramCredentialsRequest> {}
export interface AlterUserScramCredentialsRequestInput extends Input<typeof alterUserScramCredentialsRequest> {}
export interface AlterUserScramCredentialsResponse extends Decoded<typeof alterUserScramCredentialsResponse> {}
export interface AlterUserScramCredentialsResponseInput extends Input<typeof alterUserScramCredentialsResponse> {}

export const alterUserScramCredentialsApi: Api<
  AlterUserScramCredentialsRequest,
  AlterUserScramCredentialsResponse,
  AlterUserScramCredentialsRequestInput,
  AlterUserScramCredentialsResponseInput
> = api(51, 'AlterUserScramCredentials', alterUserScramCredentialsRequest, alterUserScramCredentialsResponse)
