// DescribeLogDirs v1-5: the log directories of this broker with the size of each partition in them.
import type { DescribeLogDirsRequest, DescribeLogDirsResponseInput } from '@millrace/protocol'
import { describeLogDirsApi, errorCode } from '@millrace/protocol'
import type { LogDirectoryStatus, LogManager } from '@millrace/storage'
import { defineHandler, need } from '../dispatch/handler.ts'

type DirectoryAnswer = DescribeLogDirsResponseInput['results'][number]
type PartitionAnswer = DirectoryAnswer['topics'][number]['partitions'][number]

/** A partition in a directory, or the copy of one that is on its way there. */
interface Lying {
  readonly topic: string
  readonly directory: string
  readonly answer: PartitionAnswer
}

export const describeLogDirs = defineHandler(describeLogDirsApi, {
  access: () => [need('DESCRIBE', 'CLUSTER', 'kafka-cluster')],
  handle: (request, { services: { logs } }) => {
    const isAsked = askedPartitions(request)
    const lying = [...partitionsOf(logs)].filter(({ topic, answer }) => isAsked(topic, answer.partitionIndex))
    return {
      throttleTimeMs: 0,
      errorCode: 0,
      results: logs.directories().map((directory) => describe(directory, lying)),
    }
  },
  failure: (_request, error) => ({ throttleTimeMs: 0, errorCode: errorCode(error), results: [] }),
})

function askedPartitions({ topics }: DescribeLogDirsRequest): (topic: string, partition: number) => boolean {
  if (topics === null) return () => true
  const asked = new Map(topics.map(({ topic, partitions }) => [topic, new Set(partitions)]))
  return (topic, partition) => asked.get(topic)?.has(partition) === true
}

function* partitionsOf(logs: LogManager): Iterable<Lying> {
  for (const { topic, partition, directory, sizeBytes, highWatermark, logEndOffset } of logs.logs()) {
    const offsetLag = Math.max(highWatermark - logEndOffset, 0)
    const answer = { partitionIndex: partition, partitionSize: sizeBytes, offsetLag, isFutureKey: false }
    yield { topic, directory, answer }
  }
  for (const { topic, partition, directory, sizeBytes, offsetLag } of logs.copies()) {
    const answer = { partitionIndex: partition, partitionSize: sizeBytes, offsetLag, isFutureKey: true }
    yield { topic, directory, answer }
  }
}

function describe(directory: LogDirectoryStatus, lying: readonly Lying[]): DirectoryAnswer {
  const { path: logDir, online, cordoned, totalBytes, usableBytes } = directory
  if (!online) return { errorCode: errorCode('KAFKA_STORAGE_ERROR'), logDir, topics: [] }
  const topics = new Map<string, PartitionAnswer[]>()
  for (const { topic, directory: path, answer } of lying) {
    if (path !== logDir) continue
    const partitions = topics.get(topic)
    if (partitions === undefined) topics.set(topic, [answer])
    else partitions.push(answer)
  }
  return {
    errorCode: 0,
    logDir,
    topics: [...topics].map(([name, partitions]) => ({ name, partitions })),
    totalBytes,
    usableBytes,
    isCordoned: cordoned,
  }
}
