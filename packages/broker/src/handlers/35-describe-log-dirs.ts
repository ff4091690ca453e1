// DescribeLogDirs v1-5: the log directories of this broker with the size of each partition in them.
import type { DescribeLogDirsRequest, DescribeLogDirsResponseInput } from '@millrace/protocol'
import { describeLogDirsApi, errorCode } from '@millrace/protocol'
import type { LogDirectoryStatus, LogManager, PartitionLog } from '@millrace/storage'
import { defineHandler, need } from '../dispatch/handler.ts'

type DirectoryAnswer = DescribeLogDirsResponseInput['results'][number]
interface TopicSizes {
  readonly name: string
  readonly partitions: {
    readonly partitionIndex: number
    readonly partitionSize: number
    readonly offsetLag: number
    readonly isFutureKey: boolean
  }[]
}

export const describeLogDirs = defineHandler(describeLogDirsApi, {
  access: () => [need('DESCRIBE', 'CLUSTER', 'kafka-cluster')],
  handle: (request, { services: { logs } }) => {
    const isAsked = askedPartitions(request)
    return {
      throttleTimeMs: 0,
      errorCode: 0,
      results: logs.directories().map((directory) => describe(directory, logs, isAsked)),
    }
  },
  failure: (_request, error) => ({ throttleTimeMs: 0, errorCode: errorCode(error), results: [] }),
})

function askedPartitions({ topics }: DescribeLogDirsRequest): (log: PartitionLog) => boolean {
  if (topics === null) return () => true
  const asked = new Map(topics.map(({ topic, partitions }) => [topic, new Set(partitions)]))
  return (log) => asked.get(log.topic)?.has(log.partition) === true
}

function describe(
  directory: LogDirectoryStatus,
  logs: LogManager,
  isAsked: (log: PartitionLog) => boolean,
): DirectoryAnswer {
  const { path: logDir, online, totalBytes, usableBytes } = directory
  if (!online) return { errorCode: errorCode('KAFKA_STORAGE_ERROR'), logDir, topics: [] }
  const topics = new Map<string, TopicSizes>()
  for (const log of logs.logs()) {
    if (log.directory !== logDir || !isAsked(log)) continue
    const topic = topics.get(log.topic) ?? { name: log.topic, partitions: [] }
    topics.set(log.topic, topic)
    topic.partitions.push({
      partitionIndex: log.partition,
      partitionSize: log.sizeBytes,
      offsetLag: Math.max(log.highWatermark - log.logEndOffset, 0),
      isFutureKey: false,
    })
  }
  return { errorCode: 0, logDir, topics: [...topics.values()], totalBytes, usableBytes }
}
