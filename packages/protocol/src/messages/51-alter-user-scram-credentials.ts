import {
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

export const alterUserScramCredentialsApi = api(
  51,
  'AlterUserScramCredentials',
  alterUserScramCredentialsRequest,
  alterUserScramCredentialsResponse,
)

export type AlterUserScramCredentialsRequest = Decoded<typeof alterUserScramCredentialsRequest>
export type AlterUserScramCredentialsRequestInput = Input<typeof alterUserScramCredentialsRequest>
export type AlterUserScramCredentialsResponse = Decoded<typeof alterUserScramCredentialsResponse>
export type AlterUserScramCredentialsResponseInput = Input<typeof alterUserScramCredentialsResponse>
