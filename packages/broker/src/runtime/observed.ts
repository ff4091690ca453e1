import type { ObservedBroker, ObservedGroup, ObservedLog, ObservedPartition } from '../observe/observed-broker.ts'
import type { BrokerServices } from './services.ts'

/** The broker as metrics and health checks see it. */
export function observedBroker(services: BrokerServices, readiness: ObservedBroker['readiness']): ObservedBroker {
  return {
    brokerId: services.brokerId,
    readiness,
    isController: () => services.controller.isController,
    brokers: () => brokersOf(services),
    partitions: () => partitionsOf(services),
    logs: () => logsOf(services),
    groups: (): Iterable<ObservedGroup> => services.groups.observed(),
    cordonedLogDirectories: () => services.logs.directories().filter(({ cordoned }) => cordoned).length,
    offlineLogDirectories: () => services.logs.directories().filter(({ online }) => !online).length,
  }
}

function* brokersOf({ images }: BrokerServices): Iterable<{ readonly id: number; readonly address: string }> {
  for (const { id, listeners } of images.current.brokers.values()) {
    const [first] = listeners
    yield { id, address: first === undefined ? '' : `${first.host}:${first.port}` }
  }
}

function* partitionsOf({ images, partitions }: BrokerServices): Iterable<ObservedPartition> {
  for (const topic of images.current.topicsByName.values()) {
    const minInsyncReplicas = partitions.minInsyncReplicas(topic.name)
    for (const { partition, leader, replicas, isr } of topic.partitions) {
      yield { topic: topic.name, partition, leader, replicas, inSyncReplicas: isr, minInsyncReplicas }
    }
  }
}

function* logsOf({ partitions }: BrokerServices): Iterable<ObservedLog> {
  for (const { topic, index, isLeader, log } of partitions.all()) {
    const { logStartOffset, highWatermark, logEndOffset, sizeBytes } = log
    yield { topic, partition: index, isLeader, logStartOffset, highWatermark, logEndOffset, sizeBytes }
  }
}
