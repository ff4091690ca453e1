// The key space of the metadata store.
//
//   /cluster                        the cluster's id
//   /controller                     who is controller; a session key, its create revision is the controller's epoch
//   /brokers/<id>                   a broker's registration; a session key, its create revision is the broker's epoch
//   /topics/<name>                  topic id and the replicas of each partition
//   /partitions/<topic id>/<n>      leader, leader epoch, ISR and partition epoch of one partition
//   /configs/<type>/<name>          settings of a topic, broker, group or client-metrics subscription
//   /producer-ids                   the next producer id that nobody has
//
// A topic is there when its key is: its partitions' keys follow, and go, in transactions of a size that every store
// takes (etcd: 128 operations).
import type { BrokerId } from '@millrace/kernel'

export const clusterKey = '/cluster'
export const controllerKey = '/controller'
export const brokersPrefix = '/brokers/'
export const topicsPrefix = '/topics/'
export const partitionsPrefix = '/partitions/'
export const configsPrefix = '/configs/'
export const producerIdsKey = '/producer-ids'

export type ConfigResourceType = 'topic' | 'broker' | 'group' | 'client-metrics'

/** What has settings. The broker named '' stands for all brokers. */
export interface ConfigResource {
  readonly type: ConfigResourceType
  readonly name: string
}

export const brokerKey = (id: BrokerId): string => `${brokersPrefix}${id}`
export const topicKey = (name: string): string => `${topicsPrefix}${name}`
export const partitionKey = (topicId: string, partition: number): string => `${partitionsPrefix}${topicId}/${partition}`

/** Groups and subscriptions may have any name, also one with a slash; '' is written as no name can be. */
export const configKey = (resource: ConfigResource): string =>
  `${configsPrefix}${resource.type}/${resource.name === '' ? '%' : encodeURIComponent(resource.name)}`

export type ParsedKey =
  | { readonly kind: 'cluster' }
  | { readonly kind: 'controller' }
  | { readonly kind: 'broker'; readonly id: BrokerId }
  | { readonly kind: 'topic'; readonly name: string }
  | { readonly kind: 'partition'; readonly topicId: string; readonly partition: number }
  | { readonly kind: 'config'; readonly resource: ConfigResource }
  | { readonly kind: 'producerIds' }
  | { readonly kind: 'other' }

const configTypes: ReadonlySet<string> = new Set(['topic', 'broker', 'group', 'client-metrics'])
const isConfigType = (type: string): type is ConfigResourceType => configTypes.has(type)

export function parseKey(key: string): ParsedKey {
  const [, folder = '', first = '', second = ''] = key.split('/')
  switch (folder) {
    case 'cluster':
      return { kind: 'cluster' }
    case 'controller':
      return { kind: 'controller' }
    case 'producer-ids':
      return { kind: 'producerIds' }
    case 'brokers':
      return { kind: 'broker', id: Number(first) as BrokerId }
    case 'topics':
      return { kind: 'topic', name: first }
    case 'partitions':
      return { kind: 'partition', topicId: first, partition: Number(second) }
    case 'configs':
      if (!isConfigType(first)) return { kind: 'other' }
      return { kind: 'config', resource: { type: first, name: second === '%' ? '' : decodeURIComponent(second) } }
    default:
      return { kind: 'other' }
  }
}
