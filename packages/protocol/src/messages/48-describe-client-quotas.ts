import {
  type Api,
  type Decoded,
  type Input,
  api,
  array,
  bool,
  float64,
  int16,
  int32,
  int8,
  request,
  response,
  string,
} from '../schema/index.ts'

export const describeClientQuotasRequest = request(
  'DescribeClientQuotas',
  { versions: '0-1', flexible: '1+' },
  {
    components: array({
      entityType: string(),
      matchType: int8(),
      match: string({ nullable: '0+' }),
    }),
    strict: bool(),
  },
)

export const describeClientQuotasResponse = response(
  'DescribeClientQuotas',
  { versions: '0-1', flexible: '1+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
    entries: array(
      {
        entity: array({
          entityType: string(),
          entityName: string({ nullable: '0+' }),
        }),
        values: array({
          key: string(),
          value: float64(),
        }),
      },
      { nullable: '0+' },
    ),
  },
)

export interface DescribeClientQuotasRequest extends Decoded<typeof describeClientQuotasRequest> {}
export interface DescribeClientQuotasRequestInput extends Input<typeof describeClientQuotasRequest> {}
export interface DescribeClientQuotasResponse extends Decoded<typeof describeClientQuotasResponse> {}
export interface DescribeClientQuotasResponseInput extends Input<typeof describeClientQuotasResponse> {}

export const describeClientQuotasApi: Api<
  DescribeClientQuotasRequest,
  DescribeClientQuotasResponse,
  DescribeClientQuotasRequestInput,
  DescribeClientQuotasResponseInput
> = api(48, 'DescribeClientQuotas', describeClientQuotasRequest, describeClientQuotasResponse)
