// ListOffsets v1-11: the offset for a time, or -1 latest, -2 earliest, -3 of the largest timestamp (v7), -4 earliest
// local (v8), -5 latest tiered (v9), -6 earliest pending upload (v11), the last two as a broker without tiered storage
// answers them. A consumer's latest is the high watermark, or the last stable offset where it reads committed.
import { asOffset } from '@millrace/kernel'
import type { ErrorName, ListOffsetsRequest, ListOffsetsResponse } from '@millrace/protocol'
import { errorCode, listOffsetsApi } from '@millrace/protocol'
import type { FoundOffset } from '@millrace/storage'
import type { RequestContext } from '../dispatch/handler.ts'
import { defineHandler, need } from '../dispatch/handler.ts'
import { isReadCommitted } from '../runtime/isolation.ts'
import type { Partition } from '../runtime/partition.ts'
import { Slices } from '../runtime/slices.ts'

type AskedPartition = ListOffsetsRequest['topics'][number]['partitions'][number]
type PartitionAnswer = ListOffsetsResponse['topics'][number]['partitions'][number]

interface Reader {
  readonly replicaId: number
  readonly readCommitted: boolean
}

const consumerReplicaId = -1
const special = { latest: -1, earliest: -2, maxTimestamp: -3, earliestLocal: -4, latestTiered: -5, pendingUpload: -6 }
/** The first version that knows each of the special timestamps. */
const sinceVersion: ReadonlyMap<number, number> = new Map([
  [special.maxTimestamp, 7],
  [special.earliestLocal, 8],
  [special.latestTiered, 9],
  [special.pendingUpload, 11],
])

export const listOffsets = defineHandler(listOffsetsApi, {
  access: (request) => request.topics.map(({ name }) => need('DESCRIBE', 'TOPIC', name)),
  handle: async (request, context) => {
    const reader = { replicaId: request.replicaId, readCommitted: isReadCommitted(request.isolationLevel) }
    const twice = duplicates(request)
    const slices = new Slices(context)
    const topics: ListOffsetsResponse['topics'] = []
    for (const { name, partitions } of request.topics) {
      const answers: PartitionAnswer[] = []
      for (const asked of new Map(partitions.map((partition) => [partition.partitionIndex, partition])).values()) {
        if (slices.isOver) await slices.next()
        const isTwice = twice.has(`${name}-${asked.partitionIndex}`)
        answers.push(isTwice ? failed(asked, 'INVALID_REQUEST') : await answer(name, asked, reader, context))
      }
      topics.push({ name, partitions: answers })
    }
    return { throttleTimeMs: 0, topics }
  },
  failure: (request, error) => ({
    topics: request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((asked) => failed(asked, error)),
    })),
  }),
})

function duplicates({ topics }: ListOffsetsRequest): ReadonlySet<string> {
  const seen = new Set<string>()
  const twice = new Set<string>()
  for (const { name, partitions } of topics) {
    for (const { partitionIndex } of partitions) {
      const key = `${name}-${partitionIndex}`
      if (seen.has(key)) twice.add(key)
      seen.add(key)
    }
  }
  return twice
}

const failed = ({ partitionIndex }: AskedPartition, error: ErrorName): PartitionAnswer => ({
  partitionIndex,
  errorCode: errorCode(error),
  timestamp: -1,
  offset: -1,
  leaderEpoch: -1,
})

async function answer(
  topic: string,
  asked: AskedPartition,
  reader: Reader,
  { services, image, apiVersion }: RequestContext,
): Promise<PartitionAnswer> {
  const { timestamp } = asked
  const isUnknown = timestamp < special.pendingUpload || apiVersion < (sinceVersion.get(timestamp) ?? 0)
  if (isUnknown) return failed(asked, 'UNSUPPORTED_VERSION')
  const partition = services.partitions.leader(image, topic, asked.partitionIndex, asked.currentLeaderEpoch)
  if (typeof partition === 'string') return failed(asked, partition)
  const until = lastFetchable(partition, reader)
  const isConsumer = reader.replicaId === consumerReplicaId
  // After an election the high watermark may still lag behind what was served before: no answer is better than an
  // offset that goes back.
  const isLagging = isConsumer && partition.epochStart > partition.log.highWatermark
  if (timestamp === special.latest) {
    if (isLagging) return failed(asked, apiVersion >= 5 ? 'OFFSET_NOT_AVAILABLE' : 'LEADER_NOT_AVAILABLE')
    return found(asked, { offset: asOffset(until), timestampMs: -1, leaderEpoch: partition.leaderEpoch }, apiVersion)
  }
  const result = await lookUp(partition, timestamp, until)
  if (result !== null) return found(asked, result, apiVersion)
  if (isLagging) return failed(asked, apiVersion >= 5 ? 'OFFSET_NOT_AVAILABLE' : 'LEADER_NOT_AVAILABLE')
  return failed(asked, 'NONE')
}

function lastFetchable({ log }: Partition, { replicaId, readCommitted }: Reader): number {
  if (replicaId !== consumerReplicaId) return log.logEndOffset
  return readCommitted ? log.lastStableOffset : log.highWatermark
}

async function lookUp({ log }: Partition, timestamp: number, until: number): Promise<FoundOffset | null> {
  switch (timestamp) {
    case special.earliest:
    case special.earliestLocal:
      return { offset: log.logStartOffset, timestampMs: -1, leaderEpoch: log.epochAt(log.logStartOffset) }
    case special.latestTiered:
    case special.pendingUpload:
      return null
    case special.maxTimestamp:
      return log.findMaxTimestamp(asOffset(until))
    default:
      return log.findByTimestamp(timestamp, asOffset(until))
  }
}

const found = (
  { partitionIndex }: AskedPartition,
  { offset, timestampMs, leaderEpoch }: FoundOffset,
  apiVersion: number,
): PartitionAnswer => ({
  partitionIndex,
  errorCode: 0,
  timestamp: timestampMs,
  offset,
  leaderEpoch: apiVersion >= 4 ? leaderEpoch : -1,
})
