import type {
  AlterConfigsRequest,
  AlterConfigsResponse,
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse,
} from '@millrace/protocol'
import { asBrokerId, asRevision } from '@millrace/kernel'
import type { ControllerView, Fault, ItemDecision } from './decision.ts'
import { decideEach, duplicateKeys, fault, isFault, outcome } from './decision.ts'
import { configsOf } from './image.ts'
import type { ConfigResource, ConfigResourceType } from './keys.ts'
import { configKey, topicKey } from './keys.ts'
import type { StoreCondition, StoreTransaction } from './store-types.ts'
import { topicNameFault } from './topic-name.ts'
import { encodeValue } from './values.ts'

export type AlteredResource = AlterConfigsRequest['resources'][number]
export type IncrementallyAlteredResource = IncrementalAlterConfigsRequest['resources'][number]
export type AlteredResourceResult = AlterConfigsResponse['responses'][number] &
  IncrementalAlterConfigsResponse['responses'][number]

type Configs = ReadonlyMap<string, string>

/** Kafka's numbers of what has settings, as far as they are kept in the metadata store. */
const resourceTypes: ReadonlyMap<number, ConfigResourceType> = new Map([
  [2, 'topic'],
  [4, 'broker'],
  [16, 'client-metrics'],
  [32, 'group'],
])

/** Longest value that Kafka keeps. */
const valueCharsMax = 32_767

/** Decides about each resource of AlterConfigs: all its settings become those given. */
export const alterConfigs = (
  view: ControllerView,
  request: Pick<AlterConfigsRequest, 'resources' | 'validateOnly'>,
): Iterable<ItemDecision<AlteredResource, AlteredResourceResult>> =>
  alterEach(view, request.resources, request.validateOnly, ({ configs }) => {
    const nulls = configs.filter(({ value }) => value === null)
    return nulls.length > 0 ? nullFault(nulls) : new Map(configs.map(({ name, value }) => [name, value ?? '']))
  })

/** Decides about each resource of IncrementalAlterConfigs: only what is named changes. */
export const incrementalAlterConfigs = (
  view: ControllerView,
  request: Pick<IncrementalAlterConfigsRequest, 'resources' | 'validateOnly'>,
): Iterable<ItemDecision<IncrementallyAlteredResource, AlteredResourceResult>> =>
  alterEach(view, request.resources, request.validateOnly, ({ configs }, resource) => {
    const nulls = configs.filter(({ value, configOperation }) => value === null && configOperation !== operation.delete)
    if (nulls.length > 0) return nullFault(nulls)
    return changed(view, resource, configs)
  })

const nullFault = (configs: readonly { readonly name: string }[]): Fault =>
  fault('INVALID_REQUEST', `Null value not supported for : ${configs.map(({ name }) => name).join(', ')}`)

interface NamedResource {
  readonly resourceType: number
  readonly resourceName: string
  readonly configs: readonly { readonly name: string }[]
}

function alterEach<Item extends NamedResource>(
  view: ControllerView,
  items: readonly Item[],
  validateOnly: boolean,
  wanted: (item: Item, resource: ConfigResource) => Configs | Fault,
): Iterable<ItemDecision<Item, AlteredResourceResult>> {
  const identity = ({ resourceType, resourceName }: Item): string => `${resourceType}/${resourceName}`
  const twice = duplicateKeys(items.map(identity))
  return decideEach(items, (item) => {
    const transaction = twice.has(identity(item))
      ? fault('INVALID_REQUEST', 'Each resource must appear at most once.')
      : alteration(view, item, wanted)
    if (isFault(transaction)) return result(item, [], transaction)
    return result(item, validateOnly ? [] : [transaction], null)
  })
}

function alteration<Item extends NamedResource>(
  view: ControllerView,
  item: Item,
  wanted: (item: Item, resource: ConfigResource) => Configs | Fault,
): StoreTransaction | Fault {
  if (duplicateKeys(item.configs.map(({ name }) => name)).size > 0) {
    return fault('INVALID_REQUEST', 'Error due to duplicate config keys')
  }
  const type = resourceTypes.get(item.resourceType)
  if (type === undefined) return fault('INVALID_REQUEST', `Unknown resource type ${item.resourceType}`)
  const resource: ConfigResource = { type, name: item.resourceName }
  const configs = wanted(item, resource)
  if (isFault(configs)) return configs
  const wrong =
    lengthFault(configs) ??
    nameFault(resource) ??
    view.rules.validateConfigs(resource, configs) ??
    absentFault(view, resource)
  return wrong ?? write(view, resource, configs)
}

const lengthFault = (configs: Configs): Fault | null =>
  [...configs.values()].every((value) => value.length <= valueCharsMax)
    ? null
    : fault('INVALID_CONFIG', `A configuration value has at most ${valueCharsMax} characters.`)

// Only brokers have settings that hold for all of them.
function nameFault({ type, name }: ConfigResource): Fault | null {
  if (name === '' && (type === 'topic' || type === 'group')) {
    return fault('INVALID_REQUEST', `Default ${type} resources are not allowed.`)
  }
  return type === 'topic' ? topicNameFault(name) : null
}

function absentFault(view: ControllerView, { type, name }: ConfigResource): Fault | null {
  if (type === 'topic' && !view.image.topicsByName.has(name)) {
    return fault('UNKNOWN_TOPIC_OR_PARTITION', `The topic '${name}' does not exist.`)
  }
  if (type !== 'broker' || name === '') return null
  if (!/^-?\d+$/.test(name)) return fault('INVALID_REQUEST', `Invalid broker name ${name}`)
  if (view.image.brokers.has(asBrokerId(Number(name)))) return null
  return fault('BROKER_ID_NOT_REGISTERED', `No node with id ${name} found.`)
}

function write(view: ControllerView, resource: ConfigResource, configs: Configs): StoreTransaction {
  const key = configKey(resource)
  const modRevision = view.image.configs.get(key)?.modRevision ?? asRevision(0)
  const conditions: StoreCondition[] = [view.author, { key, modRevision }]
  // A topic that is deleted meanwhile must not leave settings to the next one of its name.
  const topic = resource.type === 'topic' ? view.image.topicsByName.get(resource.name) : undefined
  if (topic !== undefined) conditions.push({ key: topicKey(topic.name), createRevision: topic.createRevision })
  if (configs.size === 0) return { conditions, ops: [{ kind: 'delete', key }] }
  return { conditions, ops: [{ kind: 'put', key, value: encodeValue({ configs: Object.fromEntries(configs) }) }] }
}

/** Kafka's numbers of what is done to a setting. */
const operation = { set: 0, delete: 1, append: 2, subtract: 3 } as const

function changed(
  view: ControllerView,
  resource: ConfigResource,
  changes: IncrementallyAlteredResource['configs'],
): Configs | Fault {
  const configs = new Map(configsOf(view.image, resource))
  for (const { name, value, configOperation } of changes) {
    const next = changedValue(view, resource, name, configs.get(name), configOperation, value ?? '')
    if (typeof next === 'object' && next !== null) return next
    if (next === null) configs.delete(name)
    else configs.set(name, next)
  }
  return configs
}

function changedValue(
  view: ControllerView,
  resource: ConfigResource,
  name: string,
  current: string | undefined,
  change: number,
  value: string,
): string | null | Fault {
  if (change === operation.set) return value
  if (change === operation.delete) return null
  if (change !== operation.append && change !== operation.subtract) {
    return fault('INVALID_REQUEST', `Unknown operations type ${change}`)
  }
  const listDefault = view.rules.listDefault(resource.type, name)
  if (listDefault === null) {
    const verb = change === operation.append ? 'APPEND' : 'SUBTRACT'
    return fault('INVALID_CONFIG', `Can't ${verb} to key ${name} because its type is not LIST.`)
  }
  const before = (current ?? listDefault).split(',').filter((part) => part !== '')
  const parts = value.split(',')
  if (change === operation.subtract) return before.filter((part) => !parts.includes(part)).join(',')
  return [...new Set([...before, ...parts])].join(',')
}

function result<Item extends NamedResource>(
  item: Item,
  transactions: readonly StoreTransaction[],
  why: Fault | null,
): ItemDecision<Item, AlteredResourceResult> {
  const answer = (refusal: Fault | null): AlteredResourceResult => ({
    ...outcome(refusal),
    resourceType: item.resourceType,
    resourceName: item.resourceName,
  })
  return { item, transactions, answer: answer(why), refuse: (error, message) => answer({ error, message }) }
}
