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

export const describeConfigsRequest = request(
  'DescribeConfigs',
  { versions: '1-4', flexible: '4+' },
  {
    resources: array({
      resourceType: int8(),
      resourceName: string(),
      configurationKeys: array(string(), { nullable: '0+' }),
    }),
    includeSynonyms: bool({ default: false }),
    includeDocumentation: bool({ versions: '3+', default: false }),
  },
)

export const describeConfigsResponse = response(
  'DescribeConfigs',
  { versions: '1-4', flexible: '4+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    results: array({
      errorCode: int16(),
      errorMessage: string({ nullable: '0+' }),
      resourceType: int8(),
      resourceName: string(),
      configs: array({
        name: string(),
        value: string({ nullable: '0+' }),
        readOnly: bool(),
        configSource: int8({ default: -1, ignorable: true }),
        isSensitive: bool(),
        synonyms: array(
          {
            name: string(),
            value: string({ nullable: '0+' }),
            source: int8(),
          },
          { ignorable: true },
        ),
        configType: int8({ versions: '3+', default: 0, ignorable: true }),
        documentation: string({ versions: '3+', nullable: '0+', ignorable: true }),
      }),
    }),
  },
)

export interface DescribeConfigsRequest extends Decoded<typeof describeConfigsRequest> {}
export interface DescribeConfigsRequestInput extends Input<typeof describeConfigsRequest> {}
export interface DescribeConfigsResponse extends Decoded<typeof describeConfigsResponse> {}
export interface DescribeConfigsResponseInput extends Input<typeof describeConfigsResponse> {}

export const describeConfigsApi: Api<
  DescribeConfigsRequest,
  DescribeConfigsResponse,
  DescribeConfigsRequestInput,
  DescribeConfigsResponseInput
> = api(32, 'DescribeConfigs', describeConfigsRequest, describeConfigsResponse)
