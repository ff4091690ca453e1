// DeleteRecords v0-2: moves the start of partitions' logs to an offset, -1 for the high watermark. Not in topics that
// are only compacted, nor in the brokers' own.
import type { DeleteRecordsRequest, ErrorName } from '@millrace/protocol'
import { deleteRecordsApi, errorCode, KafkaError } from '@millrace/protocol'
import { isInternalTopic } from '@millrace/machines'
import type { RequestContext } from '../dispatch/handler.ts'
import { defineHandler, need } from '../dispatch/handler.ts'
import type { Naming } from '../runtime/last-of-each.ts'
import { lastOfEach } from '../runtime/last-of-each.ts'
import { mapInSlices, Slices } from '../runtime/slices.ts'

interface Result {
  readonly partitionIndex: number
  readonly lowWatermark: number
  readonly errorCode: number
}

export const deleteRecords = defineHandler(deleteRecordsApi, {
  access: (request) => request.topics.map(({ name }) => need('DELETE', 'TOPIC', name)),
  handle: async (request, context) => {
    const slices = new Slices(context)
    const deletions: { readonly name: string; readonly partitions: Promise<Result>[] }[] = []
    for (const { name, partitions } of lastOfEach(request.topics, naming)) {
      const deleteIt = ({ partitionIndex, offset }: AskedPartition) => deleteOne(name, partitionIndex, offset, context)
      deletions.push({ name, partitions: await mapInSlices(partitions, slices, deleteIt) })
    }
    const topics: { readonly name: string; readonly partitions: Result[] }[] = []
    for (const { name, partitions } of deletions) {
      if (slices.isOver) await slices.next()
      topics.push({ name, partitions: await Promise.all(partitions) })
    }
    return { throttleTimeMs: 0, topics }
  },
  failure: (request, error) => ({
    throttleTimeMs: 0,
    topics: request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => failed(partitionIndex, error)),
    })),
  }),
})

type Topic = DeleteRecordsRequest['topics'][number]
type AskedPartition = Topic['partitions'][number]

const naming: Naming<Topic, AskedPartition> = {
  keyOf: ({ name }) => name,
  partsOf: ({ partitions }) => partitions,
  indexOf: ({ partitionIndex }) => partitionIndex,
  withParts: (topic, partitions) => ({ ...topic, partitions }),
}

const failed = (partitionIndex: number, error: ErrorName): Result => ({
  partitionIndex,
  lowWatermark: -1,
  errorCode: errorCode(error),
})

async function deleteOne(
  topic: string,
  partitionIndex: number,
  offset: number,
  { services, image }: RequestContext,
): Promise<Result> {
  const partition = services.partitions.leader(image, topic, partitionIndex)
  if (partition === 'UNKNOWN_TOPIC_OR_PARTITION') return failed(partitionIndex, partition)
  if (isInternalTopic(topic)) return failed(partitionIndex, 'INVALID_TOPIC_EXCEPTION')
  if (typeof partition === 'string') return failed(partitionIndex, partition)
  if (
    !partition.log.config.cleanupPolicy.includes('delete') &&
    partition.log.config.cleanupPolicy.includes('compact')
  ) {
    return failed(partitionIndex, 'POLICY_VIOLATION')
  }
  if (offset < -1 || offset > partition.log.highWatermark) return failed(partitionIndex, 'OFFSET_OUT_OF_RANGE')
  try {
    return { partitionIndex, lowWatermark: await partition.deleteRecords(offset), errorCode: 0 }
  } catch (error) {
    if (error instanceof KafkaError) return failed(partitionIndex, error.error)
    throw error
  }
}
