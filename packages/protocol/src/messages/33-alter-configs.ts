import {
  type Decoded,
  type Input,
  api,
  array,
  bool,
  int16,
  int32,
  int8,
  request,
  response,
  string,
} from '../schema/index.ts'

export const alterConfigsRequest = request(
  'AlterConfigs',
  { versions: '0-2', flexible: '2+' },
  {
    resources: array({
      resourceType: int8(),
      resourceName: string(),
      configs: array({
        name: string(),
        value: string({ nullable: '0+' }),
      }),
    }),
    validateOnly: bool(),
  },
)

export const alterConfigsResponse = response(
  'AlterConfigs',
  { versions: '0-2', flexible: '2+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    responses: array({
      errorCode: int16(),
      errorMessage: string({ nullable: '0+' }),
      resourceType: int8(),
      resourceName: string(),
    }),
  },
)

export const alterConfigsApi = api(33, 'AlterConfigs', alterConfigsRequest, alterConfigsResponse)

export type AlterConfigsRequest = Decoded<typeof alterConfigsRequest>
export type AlterConfigsRequestInput = Input<typeof alterConfigsRequest>
export type AlterConfigsResponse = Decoded<typeof alterConfigsResponse>
export type AlterConfigsResponseInput = Input<typeof alterConfigsResponse>
