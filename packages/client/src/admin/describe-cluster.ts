import type { Connection } from '@millrace/connection'
import { describeClusterApi, metadataApi } from '@millrace/protocol'
import { throwOnError } from '../cluster/cluster.ts'
import type { Call } from './call.ts'
import type { ClusterDescription, ClusterNode, DescribeClusterOptions } from './cluster-api.ts'
import { operationsOf } from './names.ts'
import { askOne, request } from './request.ts'
import { toAny } from './routes.ts'

// The first version that shows brokers that are away.
const fencedVersion = 2

export function describeCluster(call: Call, options: DescribeClusterOptions): Promise<ClusterDescription> {
  return askOne(call, toAny, async (connection) => {
    const fenced = options.includeFencedBrokers === true
    if (!fenced && !connection.supports(describeClusterApi)) return fromMetadata(call, connection, options)
    const response = await request(
      call,
      connection,
      describeClusterApi,
      (version) => ({
        includeClusterAuthorizedOperations: options.includeAuthorizedOperations ?? false,
        ...(version >= fencedVersion ? { includeFencedBrokers: fenced } : {}),
      }),
      fenced ? { min: fencedVersion } : {},
    )
    throwOnError(response.errorCode, connection, describeClusterApi.name, response.errorMessage)
    return {
      clusterId: response.clusterId,
      controller: response.controllerId < 0 ? null : response.controllerId,
      nodes: inOrder(
        response.brokers.map(({ brokerId: id, host, port, rack, isFenced }) => ({
          id,
          host,
          port,
          rack,
          fenced: isFenced,
        })),
      ),
      authorizedOperations: operationsOf(response.clusterAuthorizedOperations),
    }
  })
}

const inOrder = (nodes: readonly ClusterNode[]): ClusterNode[] => nodes.toSorted((a, b) => a.id - b.id)

async function fromMetadata(
  call: Call,
  connection: Connection,
  options: DescribeClusterOptions,
): Promise<ClusterDescription> {
  const includeClusterAuthorizedOperations = options.includeAuthorizedOperations ?? false
  const response = await request(call, connection, metadataApi, (version) => ({
    topics: [],
    ...(version >= 4 ? { allowAutoTopicCreation: false } : {}),
    ...(version >= 8 && version <= 10 ? { includeClusterAuthorizedOperations } : {}),
  }))
  return {
    clusterId: response.clusterId ?? '',
    controller: response.controllerId < 0 ? null : response.controllerId,
    nodes: inOrder(response.brokers.map(({ nodeId: id, ...node }) => ({ id, ...node, fenced: false }))),
    authorizedOperations: operationsOf(response.clusterAuthorizedOperations),
  }
}
