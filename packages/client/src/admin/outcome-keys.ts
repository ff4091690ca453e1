import type { TopicPartition } from '../record.ts'
import type { ConfigResource } from './configs-api.ts'
import type { TopicRef } from './topics-api.ts'

// The texts that stand for things among outcomes.

export const partitionKey = ({ topic, partition }: TopicPartition): string => `${topic}-${partition}`
export const topicKey = (topic: TopicRef): string => (typeof topic === 'string' ? topic : topic.topicId)
export const resourceKey = ({ type, name }: ConfigResource): string => `${type}:${name}`
