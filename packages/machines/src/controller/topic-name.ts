import type { Fault } from './decision.ts'
import { fault } from './decision.ts'
import type { MetadataImage } from './image.ts'

export const topicNameCharsMax = 249
export const offsetsTopic = '__consumer_offsets'
export const transactionsTopic = '__transaction_state'
export const shareStateTopic = '__share_group_state'
/** Not one of ours, but Apache Kafka's tools know the name: nobody may create it. */
export const clusterMetadataTopic = '__cluster_metadata'

const internalTopics: ReadonlySet<string> = new Set([offsetsTopic, transactionsTopic, shareStateTopic])

export const isInternalTopic = (name: string): boolean => internalTopics.has(name)

/** Why the name can't be a topic's; null where it can. */
export function topicNameFault(name: string): Fault | null {
  const reason = topicNameReason(name)
  return reason === null ? null : fault('INVALID_TOPIC_EXCEPTION', `Topic name is invalid: ${reason}`)
}

function topicNameReason(name: string): string | null {
  if (name === '') return 'the empty string is not allowed'
  if (name === '.' || name === '..') return `'${name}' is not allowed`
  if (name.length > topicNameCharsMax) return `'${name}' is longer than ${topicNameCharsMax} characters`
  if (!/^[a-zA-Z0-9._-]+$/.test(name))
    return `'${name}' has characters other than ASCII alphanumerics, '.', '_' and '-'`
  return null
}

// Kafka's metrics write a dot as an underscore: two topics that differ only there would be one in every dashboard.
const inMetrics = (name: string): string => name.replaceAll('.', '_')

export function collisionFault(image: MetadataImage, name: string): Fault | null {
  if (!/[._]/.test(name)) return null
  for (const existing of image.topicsByName.keys()) {
    if (existing !== name && inMetrics(existing) === inMetrics(name)) {
      return fault('INVALID_TOPIC_EXCEPTION', `Topic '${name}' collides with existing topic: ${existing}`)
    }
  }
  return null
}
