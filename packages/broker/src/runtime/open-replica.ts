import type { BrokerId, Logger } from '@millrace/kernel'
import { errorMessage } from '@millrace/kernel'
import type { PartitionImage } from '@millrace/machines'
import { KafkaError } from '@millrace/protocol'
import type { LogHistory, LogManager, PartitionLog } from '@millrace/storage'
import type { TopicConfig } from '../config/topic-config.ts'
import { setNamesakeAside } from './stray-folders.ts'

interface ReplicaGround {
  readonly brokerId: BrokerId
  readonly logs: LogManager
  readonly log: Logger
}

/** The log of a partition that the metadata puts here; undefined where it can't be opened, which the log says. */
export function openReplica(
  image: PartitionImage,
  config: TopicConfig,
  history: LogHistory,
  ground: ReplicaGround,
): PartitionLog | undefined {
  const { topic, topicId, partition } = image
  try {
    return openOwn(image, config, history, ground)
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error
    ground.log.error('a partition can not be opened', { topic, partition, topicId, reason: errorMessage(error) })
    return undefined
  }
}

// Another topic's folder: it was deleted, and one of its name created, while this broker was away.
function openOwn(
  { topic, topicId, partition }: PartitionImage,
  config: TopicConfig,
  history: LogHistory,
  ground: ReplicaGround,
): PartitionLog {
  try {
    return ground.logs.open(topic, partition, topicId, config.log, history)
  } catch (error) {
    if (!(error instanceof KafkaError) || error.error !== 'INCONSISTENT_TOPIC_ID') throw error
    setNamesakeAside(topic, partition, error.message, ground)
    return ground.logs.open(topic, partition, topicId, config.log, history)
  }
}
