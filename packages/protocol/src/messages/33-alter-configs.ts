import {
  type Api,
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

export interface AlterConfigsRequest extends Decoded<typeof alterConfigsRequest> {}
export interface AlterConfigsRequestInput extends Input<typeof alterConfigsRequest> {}
export interface AlterConfigsResponse extends Decoded<typeof alterConfigsResponse> {}
export interface AlterConfigsResponseInput extends Input<typeof alterConfigsResponse> {}

export const alterConfigsApi: Api<
  AlterConfigsRequest,
  AlterConfigsResponse,
  AlterConfigsRequestInput,
  AlterConfigsResponseInput
> = api(33, 'AlterConfigs', alterConfigsRequest, alterConfigsResponse)
