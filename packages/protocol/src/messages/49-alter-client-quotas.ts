import {
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

export const alterClientQuotasApi = api(49, 'AlterClientQuotas', alterClientQuotasRequest, alterClientQuotasResponse)

export type AlterClientQuotasRequest = Decoded<typeof alterClientQuotasRequest>
export type AlterClientQuotasRequestInput = Input<typeof alterClientQuotasRequest>
export type AlterClientQuotasResponse = Decoded<typeof alterClientQuotasResponse>
export type AlterClientQuotasResponseInput = Input<typeof alterClientQuotasResponse>
