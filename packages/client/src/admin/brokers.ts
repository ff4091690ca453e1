import { describeClusterApi, describeLogDirsApi, errorName } from '@millrace/protocol'
import type { CallOptions } from '../client-options.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { throwOnError } from '../cluster/cluster.ts'
import { toAny, toBroker } from './admin-calls.ts'
import type { ClusterDescription, ClusterNode, LogDirDescription } from './types.ts'

export async function describeCluster(cluster: Cluster, options: CallOptions): Promise<ClusterDescription> {
  const connection = await cluster.anyConnection(options.signal)
  if (!connection.supports(describeClusterApi)) return fromMetadata(cluster, options)
  const answer = await toAny(cluster, describeClusterApi, { includeClusterAuthorizedOperations: false }, options)
  const { response } = answer
  throwOnError(response.errorCode, answer.connection, describeClusterApi.name, response.errorMessage)
  return {
    clusterId: response.clusterId,
    controller: response.controllerId < 0 ? null : response.controllerId,
    nodes: inOrder(response.brokers.map(({ brokerId, host, port, rack }) => ({ id: brokerId, host, port, rack }))),
  }
}

const inOrder = (nodes: readonly ClusterNode[]): ClusterNode[] => nodes.toSorted((a, b) => a.id - b.id)

async function fromMetadata(cluster: Cluster, options: CallOptions): Promise<ClusterDescription> {
  await cluster.refresh([], options.signal)
  const { clusterId, controllerId, brokers } = cluster.image
  return {
    clusterId: clusterId ?? '',
    controller: controllerId < 0 ? null : controllerId,
    nodes: inOrder([...brokers.values()]),
  }
}

export async function describeLogDirs(
  cluster: Cluster,
  brokers: readonly number[] | undefined,
  options: CallOptions,
): Promise<LogDirDescription[]> {
  if (brokers === undefined) await cluster.refresh([], options.signal)
  const ids = brokers ?? [...cluster.image.brokers.keys()]
  const answers = await Promise.all(ids.map((id) => ofBroker(cluster, id, options)))
  return answers.flat()
}

async function ofBroker(cluster: Cluster, broker: number, options: CallOptions): Promise<LogDirDescription[]> {
  const { response, connection } = await toBroker(cluster, broker, describeLogDirsApi, { topics: null }, options)
  throwOnError(response.errorCode, connection, describeLogDirsApi.name)
  return response.results.map((each) => ({
    broker,
    path: each.logDir,
    error: each.errorCode === 0 ? null : errorName(each.errorCode),
    totalBytes: each.totalBytes,
    usableBytes: each.usableBytes,
    replicas: each.topics.flatMap(({ name: topic, partitions }) =>
      partitions.map(({ partitionIndex: partition, partitionSize: sizeBytes, offsetLag }) => ({
        topic,
        partition,
        sizeBytes,
        offsetLag,
      })),
    ),
  }))
}
