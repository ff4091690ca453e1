import { alterClientQuotasApi, describeClientQuotasApi } from '@millrace/protocol'
import { throwOnError } from '../cluster/cluster.ts'
import { askEach } from './ask-each.ts'
import type { Call } from './call.ts'
import { wordIn } from './names.ts'
import { doneOrNot } from './outcome.ts'
import type { Outcome } from './outcome-types.ts'
import { askOne, request } from './request.ts'
import { controllerMoved, toAny, toController } from './routes.ts'
import type { ClientQuota, QuotaAlteration, QuotaEntity, QuotaFilter, QuotaMatch } from './security-api.ts'
import type { ValidateOptions } from './topics-api.ts'

const entityTypes: Readonly<Record<keyof QuotaEntity, string>> = { user: 'user', clientId: 'client-id', ip: 'ip' }

interface WireEntity {
  readonly entityType: string
  readonly entityName: string | null
}

const wireEntity = (entity: QuotaEntity): WireEntity[] =>
  Object.entries(entity).map(([type, name]: [string, string | null]) => ({
    entityType: wordIn('entity', entityTypes, type as keyof QuotaEntity),
    entityName: name,
  }))

function entityOf(wire: readonly WireEntity[]): QuotaEntity {
  const typeOf = (wireType: string): string =>
    Object.entries(entityTypes).find(([, name]) => name === wireType)?.[0] ?? wireType
  return Object.fromEntries(wire.map(({ entityType, entityName }) => [typeOf(entityType), entityName]))
}

const matchTypes = { exact: 0, default: 1, any: 2 }

function wireMatch({ entity, name }: QuotaMatch) {
  const entityType = wordIn('entity', entityTypes, entity)
  if (name === undefined) return { entityType, matchType: matchTypes.any, match: null }
  if (name === null) return { entityType, matchType: matchTypes.default, match: null }
  return { entityType, matchType: matchTypes.exact, match: name }
}

export function describeClientQuotas(call: Call, filter: QuotaFilter): Promise<ClientQuota[]> {
  return askOne(call, toAny<null>, async (connection) => {
    const body = { components: (filter.matches ?? []).map(wireMatch), strict: filter.strict ?? false }
    const response = await request(call, connection, describeClientQuotasApi, body)
    throwOnError(response.errorCode, connection, describeClientQuotasApi.name, response.errorMessage)
    return (response.entries ?? []).map(({ entity, values }) => ({
      entity: entityOf(entity),
      quotas: Object.fromEntries(values.map(({ key, value }) => [key, value])),
    }))
  })
}

const textOf = (wire: readonly WireEntity[]): string =>
  wire.map(({ entityType, entityName }) => `${entityType} ${entityName ?? '(default)'}`).join(', ')

const keyOf = (wire: readonly WireEntity[]): string =>
  wire
    .map((each) => JSON.stringify([each.entityType, each.entityName]))
    .toSorted((a, b) => (a < b ? -1 : 1))
    .join()

export async function alterClientQuotas(
  call: Call,
  alterations: readonly QuotaAlteration[],
  { validateOnly = false }: ValidateOptions,
): Promise<Outcome<null>[]> {
  const outcomes = await askEach<QuotaAlteration, null, string>(call, {
    items: alterations,
    key: ({ entity }) => keyOf(wireEntity(entity)),
    route: toController,
    again: controllerMoved,
    send: async (connection, items) => {
      const entries = items.map(({ entity, quotas }) => ({
        entity: wireEntity(entity),
        ops: Object.entries(quotas).map(([key, value]) => ({ key, value: value ?? 0, remove: value === null })),
      }))
      const response = await request(call, connection, alterClientQuotasApi, { entries, validateOnly })
      return response.entries.map(({ entity, errorCode, errorMessage }) => [
        keyOf(entity),
        doneOrNot(errorCode, errorMessage, connection, alterClientQuotasApi, textOf(entity)),
      ])
    },
  })
  return alterations.map(({ entity }) => outcomes.get(keyOf(wireEntity(entity)))!)
}
