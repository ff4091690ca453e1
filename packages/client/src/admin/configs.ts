import type { Connection } from '@millrace/connection'
import {
  alterConfigsApi,
  describeConfigsApi,
  incrementalAlterConfigsApi,
  listConfigResourcesApi,
} from '@millrace/protocol'
import { throwOnError } from '../cluster/cluster.ts'
import type { Route, Router } from './ask-each.ts'
import { askEach } from './ask-each.ts'
import type { Call } from './call.ts'
import type {
  ConfigChange,
  ConfigEntry,
  ConfigReplacement,
  ConfigResource,
  ConfigResourceType,
  ConfigSource,
  DescribeConfigsOptions,
} from './configs-api.ts'
import { names, wordIn } from './names.ts'
import { doneOrNot, outcomeOf } from './outcome.ts'
import { resourceKey } from './outcome-keys.ts'
import type { Outcome, Outcomes } from './outcome-types.ts'
import { askOne, request } from './request.ts'
import { controllerMoved, toAny, toBrokers, toController } from './routes.ts'
import type { ValidateOptions } from './topics-api.ts'

const resourceTypes = names<ConfigResourceType>('type', {
  topic: 2,
  broker: 4,
  'broker-logger': 8,
  'client-metrics': 16,
  group: 32,
})

const sources: readonly ConfigSource[] = [
  'unknown',
  'topic',
  'dynamic-broker',
  'dynamic-default-broker',
  'static-broker',
  'default',
  'dynamic-broker-logger',
  'client-metrics',
  'group',
]

const types = ['unknown', 'boolean', 'string', 'int', 'short', 'long', 'double', 'list', 'class', 'password']

const operations: Readonly<Record<ConfigChange['operation'], number>> = { set: 0, delete: 1, append: 2, subtract: 3 }

/** What a request says of one resource. */
interface OfResource {
  readonly resource: ConfigResource
}

/** A broker answers for its own settings only. */
const toOwners =
  <Item extends OfResource>(toOthers: Router<Item>): Router<Item> =>
  async (call, items, attempt) => {
    const others = items.filter((item) => brokerOf(item) === null)
    const own = items.filter((item) => brokerOf(item) !== null)
    const found = await Promise.all([
      others.length === 0 ? nobody : toOthers(call, others, attempt),
      own.length === 0 ? nobody : toBrokers<Item>((item) => brokerOf(item) ?? -1)(call, own, attempt),
    ])
    return {
      routes: found.flatMap(({ routes }): readonly Route<Item>[] => routes),
      nowhere: new Map(found.flatMap(({ nowhere }) => [...nowhere])),
    }
  }

const nobody = { routes: [], nowhere: new Map() }

function brokerOf({ resource: { type, name } }: OfResource): number | null {
  if ((type !== 'broker' && type !== 'broker-logger') || name === '') return null
  if (/^\d+$/.test(name)) return Number(name)
  throw new RangeError(`a broker's settings are asked for by its id: got '${name}'`)
}

const itemKey = ({ resource }: OfResource): string => resourceKey(resource)

export function describeConfigs(
  call: Call,
  resources: readonly ConfigResource[],
  options: DescribeConfigsOptions,
): Promise<Outcomes<readonly ConfigEntry[]>> {
  const { includeSynonyms = false, includeDocumentation = false, names: wanted = null } = options
  // Brokers take no names for all of them.
  const isWanted = ({ name }: { readonly name: string }): boolean => wanted?.includes(name) ?? true
  return askEach<OfResource, readonly ConfigEntry[], string>(call, {
    items: resources.map((resource) => ({ resource })),
    key: itemKey,
    route: toOwners(toAny),
    patient: ({ resource: { type, name } }) => type === 'topic' && call.newTopics.has(name),
    send: async (connection, items) => {
      const asked = items.map(({ resource }) => ({ ...wireResource(resource), configurationKeys: wanted }))
      const response = await request(call, connection, describeConfigsApi, (version) => ({
        resources: asked,
        includeSynonyms,
        ...(version >= 3 ? { includeDocumentation } : {}),
      }))
      const from = { connection, api: describeConfigsApi.name }
      return response.results.map((each) => [
        wireKey(each),
        outcomeOf(each.errorCode, each.errorMessage, { ...from, about: wireKey(each) }, () =>
          each.configs.filter(isWanted).map(entryOf),
        ),
      ])
    },
  })
}

type EntryAnswer = ReturnType<typeof describeConfigsApi.response.decode>['results'][number]['configs'][number]

export const entryOf = (each: EntryAnswer): ConfigEntry => ({
  name: each.name,
  value: each.value,
  source: sources[each.configSource] ?? 'unknown',
  readOnly: each.readOnly,
  sensitive: each.isSensitive,
  type: types[each.configType] ?? 'unknown',
  documentation: each.documentation,
  synonyms: each.synonyms.map(({ name, value, source }) => ({ name, value, source: sources[source] ?? 'unknown' })),
})

const wireResource = ({ type, name }: ConfigResource) => ({
  resourceType: resourceTypes.numberOf(type),
  resourceName: name,
})

const wireKey = ({ resourceType, resourceName }: { resourceType: number; resourceName: string }): string =>
  `${resourceTypes.nameOf(resourceType)}:${resourceName}`

type Changes = OfResource & { readonly changes: readonly ConfigChange[] }

export function alterConfigs(
  call: Call,
  changes: readonly ConfigChange[],
  { validateOnly = false }: ValidateOptions,
): Promise<Outcomes<null>> {
  return alterEach(call, byResource(changes), async (connection, items) => {
    const resources = items.map(({ resource, changes: mine }) => ({
      ...wireResource(resource),
      configs: mine.map(({ name, operation, value = null }) => ({
        name,
        configOperation: wordIn('operation', operations, operation),
        value,
      })),
    }))
    const { responses } = await request(call, connection, incrementalAlterConfigsApi, { resources, validateOnly })
    return responses.map((each) => [
      wireKey(each),
      doneOrNot(each.errorCode, each.errorMessage, connection, incrementalAlterConfigsApi, wireKey(each)),
    ])
  })
}

export function replaceConfigs(
  call: Call,
  replacements: readonly ConfigReplacement[],
  { validateOnly = false }: ValidateOptions,
): Promise<Outcomes<null>> {
  return alterEach(call, replacements, async (connection, items) => {
    const resources = items.map(({ resource, configs }) => ({
      ...wireResource(resource),
      configs: Object.entries(configs).map(([name, value]) => ({ name, value })),
    }))
    const { responses } = await request(call, connection, alterConfigsApi, { resources, validateOnly })
    return responses.map((each) => [
      wireKey(each),
      doneOrNot(each.errorCode, each.errorMessage, connection, alterConfigsApi, wireKey(each)),
    ])
  })
}

type Altered = Iterable<readonly [string, Outcome<null>]>

const alterEach = <Item extends OfResource>(
  call: Call,
  items: readonly Item[],
  send: (connection: Connection, items: readonly Item[]) => Promise<Altered>,
): Promise<Outcomes<null>> =>
  askEach<Item, null, string>(call, {
    items,
    key: itemKey,
    route: toOwners<Item>(toController),
    again: controllerMoved,
    send,
  })

function byResource(changes: readonly ConfigChange[]): Changes[] {
  const resources = new Map<string, ConfigChange[]>()
  for (const change of changes) {
    const mine = resources.get(itemKey(change))
    if (mine === undefined) resources.set(itemKey(change), [change])
    else mine.push(change)
  }
  return [...resources.values()].map((mine) => ({ resource: mine[0]!.resource, changes: mine }))
}

// The first version that knows of anything but client-metrics subscriptions.
const allTypesVersion = 1

export async function listConfigResources(call: Call, kinds: readonly ConfigResourceType[]): Promise<ConfigResource[]> {
  const onlyMetrics = kinds.length > 0 && kinds.every((kind) => kind === 'client-metrics')
  const response = await askOne(call, toAny, async (connection) => {
    const answer = await request(
      call,
      connection,
      listConfigResourcesApi,
      (version) => (version >= allTypesVersion ? { resourceTypes: kinds.map(resourceTypes.numberOf) } : {}),
      onlyMetrics ? {} : { min: allTypesVersion },
    )
    throwOnError(answer.errorCode, connection, listConfigResourcesApi.name)
    return answer
  })
  return response.configResources.flatMap(({ resourceName, resourceType }) => {
    const type = resourceTypes.nameOf(resourceType)
    return type === 'unknown' ? [] : [{ type, name: resourceName }]
  })
}
