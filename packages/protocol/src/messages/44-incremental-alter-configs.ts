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

export const incrementalAlterConfigsRequest = request(
  'IncrementalAlterConfigs',
  { versions: '0-1', flexible: '1+' },
  {
    resources: array({
      resourceType: int8(),
      resourceName: string(),
      configs: array({
        name: string(),
        configOperation: int8(),
        value: string({ nullable: '0+' }),
      }),
    }),
    validateOnly: bool(),
  },
)

export const incrementalAlterConfigsResponse = response(
  'IncrementalAlterConfigs',
  { versions: '0-1', flexible: '1+' },
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

export interface IncrementalAlterConfigsRequest extends Decoded<typeof incrementalAlterConfigsRequest> {}
export interface IncrementalAlterConfigsRequestInput extends Input<typeof incrementalAlterConfigsRequest> {}
export interface IncrementalAlterConfigsResponse extends Decoded<typeof incrementalAlterConfigsResponse> {}
export interface IncrementalAlterConfigsResponseInput extends Input<typeof incrementalAlterConfigsResponse> {}

export const incrementalAlterConfigsApi: Api<
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse,
  IncrementalAlterConfigsRequestInput,
  IncrementalAlterConfigsResponseInput
> = api(44, 'IncrementalAlterConfigs', incrementalAlterConfigsRequest, incrementalAlterConfigsResponse)
