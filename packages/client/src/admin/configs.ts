import { describeConfigsApi, incrementalAlterConfigsApi, listConfigResourcesApi } from '@millrace/protocol'
import type { Api } from '@millrace/protocol'
import type { CallOptions } from '../client-options.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { partError, throwOnError } from '../cluster/cluster.ts'
import type { Answer } from './admin-calls.ts'
import { toAny, toBroker, toController } from './admin-calls.ts'
import type { ConfigChange, ConfigEntry, ConfigResource, ConfigResourceType } from './types.ts'

const resourceTypes: Readonly<Record<ConfigResourceType, number>> = {
  topic: 2,
  broker: 4,
  'broker-logger': 8,
  'client-metrics': 16,
  group: 32,
}

const sources: readonly ConfigEntry['source'][] = [
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

export async function describeConfigs(
  cluster: Cluster,
  resource: ConfigResource,
  options: CallOptions,
): Promise<ConfigEntry[]> {
  const body = {
    resources: [{ resourceType: resourceTypes[resource.type], resourceName: resource.name, configurationKeys: null }],
    includeSynonyms: false,
    includeDocumentation: false,
  }
  const { response, connection } = await toOwner(cluster, resource, describeConfigsApi, body, options)
  const result = response.results[0]
  throwOnError(result?.errorCode ?? -1, connection, describeConfigsApi.name, result?.errorMessage)
  return (result?.configs ?? []).map((each) => ({
    name: each.name,
    value: each.value,
    source: sources[each.configSource] ?? 'unknown',
    readOnly: each.readOnly,
    sensitive: each.isSensitive,
    type: types[each.configType] ?? 'unknown',
    documentation: each.documentation,
  }))
}

/** A broker answers for its own settings only; any for the rest. */
function toOwner<Req, Res, ReqIn, ResIn>(
  cluster: Cluster,
  resource: ConfigResource,
  api: Api<Req, Res, ReqIn, ResIn>,
  body: ReqIn,
  options: CallOptions,
): Promise<Answer<Res>> {
  const ofBroker = resource.type === 'broker' || resource.type === 'broker-logger'
  if (ofBroker && resource.name !== '') return toBroker(cluster, brokerId(resource.name), api, () => body, options)
  return toAny(cluster, api, () => body, options)
}

function brokerId(name: string): number {
  if (/^\d+$/.test(name)) return Number(name)
  throw new RangeError(`a broker's settings are asked for by its id: got '${name}'`)
}

export async function alterConfigs(
  cluster: Cluster,
  changes: readonly ConfigChange[],
  options: CallOptions & { readonly validateOnly?: boolean },
): Promise<void> {
  for (const mine of byResource(changes)) {
    const resource = mine[0]!.resource
    const body = {
      resources: [
        {
          resourceType: resourceTypes[resource.type],
          resourceName: resource.name,
          configs: mine.map((change) => ({
            name: change.name,
            configOperation: operations[change.operation],
            value: change.value ?? null,
          })),
        },
      ],
      validateOnly: options.validateOnly ?? false,
    }
    const ofBroker = resource.type === 'broker' || resource.type === 'broker-logger'
    const { response, connection } = ofBroker
      ? await toOwner(cluster, resource, incrementalAlterConfigsApi, body, options)
      : await toController(cluster, incrementalAlterConfigsApi, body, options)
    const failed = response.responses.find((each) => each.errorCode !== 0)
    if (failed !== undefined) {
      throw partError(failed.errorCode, connection, incrementalAlterConfigsApi.name, failed.errorMessage)
    }
  }
}

// All changes of one resource are one request: they happen together or not at all.
function byResource(changes: readonly ConfigChange[]): Iterable<ConfigChange[]> {
  const resources = new Map<string, ConfigChange[]>()
  for (const change of changes) {
    const key = `${change.resource.type} ${change.resource.name}`
    const mine = resources.get(key)
    if (mine === undefined) resources.set(key, [change])
    else mine.push(change)
  }
  return resources.values()
}

export async function listConfigResources(
  cluster: Cluster,
  kinds: readonly ConfigResourceType[],
  options: CallOptions,
): Promise<ConfigResource[]> {
  const { response, connection } = await toAny(
    cluster,
    listConfigResourcesApi,
    (version) => (version >= 1 ? { resourceTypes: kinds.map((kind) => resourceTypes[kind]) } : {}),
    options,
  )
  throwOnError(response.errorCode, connection, listConfigResourcesApi.name)
  const names = new Map(Object.entries(resourceTypes).map(([name, code]) => [code, name as ConfigResourceType]))
  return response.configResources.flatMap(({ resourceName, resourceType }) => {
    const type = names.get(resourceType)
    return type === undefined ? [] : [{ type, name: resourceName }]
  })
}
