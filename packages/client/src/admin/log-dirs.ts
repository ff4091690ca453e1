import { alterReplicaLogDirsApi, describeLogDirsApi, errorName } from '@millrace/protocol'
import { throwOnError } from '../cluster/cluster.ts'
import { allBrokers } from './all-brokers.ts'
import { askEach } from './ask-each.ts'
import { byTopic } from './by-topic.ts'
import type { Call } from './call.ts'
import type { LogDirDescription, ReplicaLogDirs, ReplicaMove, ReplicaRef } from './cluster-api.ts'
import { doneOrNot, succeeded } from './outcome.ts'
import { partitionKey } from './outcome-keys.ts'
import type { Outcomes } from './outcome-types.ts'
import { request } from './request.ts'
import { toBrokers } from './routes.ts'

type Directories = readonly LogDirDescription[]

export const describeLogDirs = async (
  call: Call,
  brokers: readonly number[] | undefined,
): Promise<Outcomes<Directories, number>> =>
  askEach<number, Directories, number>(call, {
    items: brokers ?? (await allBrokers(call)),
    key: (id) => id,
    route: toBrokers((id) => id),
    send: async (connection, [id = -1]) => {
      const response = await request(call, connection, describeLogDirsApi, { topics: null })
      throwOnError(response.errorCode, connection, describeLogDirsApi.name)
      return [[id, succeeded(response.results.map(directoryOf))]]
    },
  })

type DirectoryAnswer = ReturnType<typeof describeLogDirsApi.response.decode>['results'][number]

const directoryOf = (each: DirectoryAnswer): LogDirDescription => ({
  path: each.logDir,
  error: each.errorCode === 0 ? null : errorName(each.errorCode),
  totalBytes: each.totalBytes,
  usableBytes: each.usableBytes,
  cordoned: each.isCordoned,
  replicas: each.topics.flatMap(({ name: topic, partitions }) =>
    partitions.map(({ partitionIndex: partition, partitionSize: sizeBytes, offsetLag, isFutureKey: future }) => ({
      topic,
      partition,
      sizeBytes,
      offsetLag,
      future,
    })),
  ),
})

const replicaKey = (replica: ReplicaRef): string => `${partitionKey(replica)}-${replica.broker}`

export const alterReplicaLogDirs = (call: Call, moves: readonly ReplicaMove[]): Promise<Outcomes<null>> =>
  askEach<ReplicaMove, null, string>(call, {
    items: moves,
    key: replicaKey,
    route: toBrokers(({ broker }) => broker),
    send: async (connection, items, broker) => {
      const dirs = [...Map.groupBy(items, ({ path }) => path)].map(([path, mine]) => ({
        path,
        topics: [...byTopic(mine)].map(([name, ofTopic]) => ({
          name,
          partitions: ofTopic.map(({ partition }) => partition),
        })),
      }))
      const response = await request(call, connection, alterReplicaLogDirsApi, { dirs })
      return response.results.flatMap(({ topicName: topic, partitions }) =>
        partitions.map(({ partitionIndex: partition, errorCode }) => {
          const key = replicaKey({ topic, partition, broker })
          return [key, doneOrNot(errorCode, null, connection, alterReplicaLogDirsApi, key)] as const
        }),
      )
    },
  })

export const describeReplicaLogDirs = (
  call: Call,
  replicas: readonly ReplicaRef[],
): Promise<Outcomes<ReplicaLogDirs>> =>
  askEach<ReplicaRef, ReplicaLogDirs, string>(call, {
    items: replicas,
    key: replicaKey,
    route: toBrokers(({ broker }) => broker),
    send: async (connection, items) => {
      const topics = [...byTopic(items)].map(([topic, mine]) => ({
        topic,
        partitions: mine.map(({ partition }) => partition),
      }))
      const response = await request(call, connection, describeLogDirsApi, { topics })
      throwOnError(response.errorCode, connection, describeLogDirsApi.name)
      const directories = response.results.map(directoryOf)
      return items.map((item) => {
        const value = { current: findIn(directories, item, false), future: findIn(directories, item, true) }
        return [replicaKey(item), succeeded(value)]
      })
    },
  })

function findIn(
  directories: Directories,
  { topic, partition }: ReplicaRef,
  future: boolean,
): ReplicaLogDirs['current'] {
  for (const { path, replicas } of directories) {
    const found = replicas.find(
      (each) => each.topic === topic && each.partition === partition && each.future === future,
    )
    if (found !== undefined) return { path, offsetLag: found.offsetLag }
  }
  return null
}
