import type { BrokerId, Logger } from '@millrace/kernel'
import type { MetadataImage } from '@millrace/machines'
import { partitionOf } from '@millrace/machines'
import type { LogManager, UnopenedPartition } from '@millrace/storage'

/** What a stray folder is judged by. */
export interface StrayOptions {
  readonly logs: LogManager
  readonly brokerId: BrokerId
  readonly log: Logger
}

/**
 * Partitions that lie here and that the metadata doesn't place here: their topic was deleted, or moved, while this
 * broker was away. As in Apache Kafka their folders are renamed and kept: who still wants the data can look at it.
 */
export function setStraysAside(image: MetadataImage, options: StrayOptions): void {
  for (const folder of options.logs.unopened()) {
    const known = partitionOf(image, folder.topic, folder.partition)
    if (known === undefined) setAside(folder, 'no such partition in the metadata', options)
    else if (!known.replicas.includes(options.brokerId)) setAside(folder, 'its replicas are elsewhere', options)
  }
}

/** Makes room for a partition whose folder is another topic's of that name. */
export function setNamesakeAside(topic: string, partition: number, reason: string, options: StrayOptions): void {
  const folder = options.logs.unopened().find((one) => one.topic === topic && one.partition === partition)
  if (folder !== undefined) setAside(folder, reason, options)
}

function setAside(folder: UnopenedPartition, reason: string, { logs, log }: StrayOptions): void {
  const movedTo = logs.setAside(folder)
  log.warn('a stray partition is not served: its folder is set aside', { ...folder, movedTo, reason })
}
