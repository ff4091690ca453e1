import { createAclsApi, deleteAclsApi, describeAclsApi } from '@millrace/protocol'
import { throwOnError } from '../cluster/cluster.ts'
import { askEach } from './ask-each.ts'
import type { Call } from './call.ts'
import { aclOperations, names } from './names.ts'
import { doneOrNot, outcomeOf } from './outcome.ts'
import type { Outcome } from './outcome-types.ts'
import { askOne, request } from './request.ts'
import { toController } from './routes.ts'
import type { AclBinding, AclFilter, DeletedAcl } from './security-api.ts'

type Whole = Required<AclBinding>

const resourceTypes = names('resourceType', {
  any: 1,
  topic: 2,
  group: 3,
  cluster: 4,
  'transactional-id': 5,
  'delegation-token': 6,
  user: 7,
})
const patternTypes = names('patternType', { any: 1, match: 2, literal: 3, prefixed: 4 })
const permissions = names('permission', { any: 1, deny: 2, allow: 3 })

const wireFilter = (filter: AclFilter) => ({
  resourceTypeFilter: resourceTypes.numberOf(filter.resourceType ?? 'any'),
  resourceNameFilter: filter.resourceName ?? null,
  patternTypeFilter: patternTypes.numberOf(filter.patternType ?? 'any'),
  principalFilter: filter.principal ?? null,
  hostFilter: filter.host ?? null,
  operation: aclOperations.numberOf(filter.operation ?? 'any'),
  permissionType: permissions.numberOf(filter.permission ?? 'any'),
})

interface WireBinding {
  readonly resourceType: number
  readonly resourceName: string
  readonly patternType: number
  readonly principal: string
  readonly host: string
  readonly operation: number
  readonly permissionType: number
}

// A number that a newer broker knows is shown as 'unknown', which no filter can be made of.
const bindingOf = (wire: WireBinding): Whole => ({
  resourceType: resourceTypes.nameOf(wire.resourceType) as Whole['resourceType'],
  resourceName: wire.resourceName,
  patternType: patternTypes.nameOf(wire.patternType) as Whole['patternType'],
  principal: wire.principal,
  host: wire.host,
  operation: aclOperations.nameOf(wire.operation) as Whole['operation'],
  permission: permissions.nameOf(wire.permissionType) as Whole['permission'],
})

export function describeAcls(call: Call, filter: AclFilter): Promise<Whole[]> {
  return askOne(call, toController<null>, async (connection) => {
    const response = await request(call, connection, describeAclsApi, wireFilter(filter))
    throwOnError(response.errorCode, connection, describeAclsApi.name, response.errorMessage)
    return response.resources.flatMap(({ acls, ...resource }) => acls.map((acl) => bindingOf({ ...resource, ...acl })))
  })
}

// Neither bindings nor filters have a name: their place in the list stands for them.
type Placed<T> = readonly [place: number, T]
const placed = <T>(items: readonly T[]): Placed<T>[] => items.map((item, place) => [place, item])
const place = ([each]: Placed<unknown>): number => each

export async function createAcls(call: Call, bindings: readonly AclBinding[]): Promise<Outcome<null>[]> {
  const outcomes = await askEach<Placed<AclBinding>, null, number>(call, {
    items: placed(bindings),
    key: place,
    route: toController,
    send: async (connection, items) => {
      const creations = items.map(([, binding]) => ({
        resourceType: resourceTypes.numberOf(binding.resourceType),
        resourceName: binding.resourceName,
        resourcePatternType: patternTypes.numberOf(binding.patternType ?? 'literal'),
        principal: binding.principal,
        host: binding.host ?? '*',
        operation: aclOperations.numberOf(binding.operation),
        permissionType: permissions.numberOf(binding.permission ?? 'allow'),
      }))
      const response = await request(call, connection, createAclsApi, { creations })
      return response.results.map(({ errorCode, errorMessage }, i) => [
        items[i]?.[0] ?? -1,
        doneOrNot(errorCode, errorMessage, connection, createAclsApi, `binding ${(items[i]?.[0] ?? -1) + 1}`),
      ])
    },
  })
  return [...outcomes.values()]
}

export async function deleteAcls(call: Call, filters: readonly AclFilter[]): Promise<Outcome<readonly DeletedAcl[]>[]> {
  const outcomes = await askEach<Placed<AclFilter>, readonly DeletedAcl[], number>(call, {
    items: placed(filters),
    key: place,
    route: toController,
    send: async (connection, items) => {
      const body = { filters: items.map(([, filter]) => wireFilter(filter)) }
      const response = await request(call, connection, deleteAclsApi, body)
      return response.filterResults.map(({ errorCode, errorMessage, matchingAcls }, i) => {
        const from = { connection, api: deleteAclsApi.name, about: `filter ${(items[i]?.[0] ?? -1) + 1}` }
        const matched = () =>
          matchingAcls.map((acl) => ({
            binding: bindingOf(acl),
            outcome: doneOrNot(acl.errorCode, acl.errorMessage, connection, deleteAclsApi, from.about),
          }))
        return [items[i]?.[0] ?? -1, outcomeOf(errorCode, errorMessage, from, matched)]
      })
    },
  })
  return [...outcomes.values()]
}
