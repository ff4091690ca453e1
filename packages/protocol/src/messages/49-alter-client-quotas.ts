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
  request,
  response,
  string,
} from '../schema/index.ts'

export const alterClientQuotasRequest = request(
  'AlterClientQuotas',
  { versions: '0-1', flexible: '1+' },
  {
    entries: array({
      entity: array({
        entityType: string(),
        entityName: string({ nullable: '0+' }),
      }),
      ops: array({
        key: string(),
        value: float64(),
        remove: bool(),
      }),
    }),
    validateOnly: bool(),
  },
)

export const alterClientQuotasResponse = response(
  'AlterClientQuotas',
  { versions: '0-1', flexible: '1+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    entries: array({
      errorCode: int16(),
      errorMessage: string({ nullable: '0+' }),
      entity: array({
        entityType: string(),
        entityName: string({ nullable: '0+' }),
      }),
    }),
  },
)

export interface AlterClientQuotasRequest extends Decoded<typeof alterClientQuotasRequest> {}
export interface AlterClientQuotasRequestInput extends Input<typeof alterClientQuotasRequest> {}
export interface AlterClientQuotasResponse extends Decoded<typeof alterClientQuotasResponse> {}
export interface AlterClientQuotasResponseInput extends Input<typeof alterClientQuotasResponse> {}

export const alterClientQuotasApi: Api<
  AlterClientQuotasRequest,
  AlterClientQuotasResponse,
  AlterClientQuotasRequestInput,
  AlterClientQuotasResponseInput
> = api(49, 'AlterClientQuotas', alterClientQuotasRequest, alterClientQuotasResponse)
