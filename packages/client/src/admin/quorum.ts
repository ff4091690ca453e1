import {
  addRaftVoterApi,
  describeQuorumApi,
  removeRaftVoterApi,
  unregisterBrokerApi,
  zeroUuid,
} from '@millrace/protocol'
import { throwOnError } from '../cluster/cluster.ts'
import type { Call } from './call.ts'
import { brokerTimeoutMs } from './call.ts'
import type { Endpoint, QuorumDescription, QuorumReplica, VoterRef } from './cluster-api.ts'
import { askOne, request } from './request.ts'
import { toAny } from './routes.ts'

const metadataTopic = '__cluster_metadata'

export function describeQuorum(call: Call): Promise<QuorumDescription> {
  return askOne(call, toAny<null>, async (connection) => {
    const api = describeQuorumApi
    const body = { topics: [{ topicName: metadataTopic, partitions: [{ partitionIndex: 0 }] }] }
    const response = await request(call, connection, api, body)
    throwOnError(response.errorCode, connection, api.name, response.errorMessage)
    const partition = response.topics[0]?.partitions[0]
    throwOnError(partition?.errorCode ?? -1, connection, api.name, partition?.errorMessage)
    return {
      leader: partition!.leaderId,
      leaderEpoch: partition!.leaderEpoch,
      highWatermark: partition!.highWatermark,
      voters: partition!.currentVoters.map(replicaOf),
      observers: partition!.observers.map(replicaOf),
      nodes: new Map(response.nodes.map(({ nodeId, listeners }) => [nodeId, listeners])),
    }
  })
}

type ReplicaAnswer = ReturnType<
  typeof describeQuorumApi.response.decode
>['topics'][number]['partitions'][number]['observers'][number]

const replicaOf = (each: ReplicaAnswer): QuorumReplica => ({
  id: each.replicaId,
  directoryId: each.replicaDirectoryId === zeroUuid ? null : each.replicaDirectoryId,
  logEndOffset: each.logEndOffset,
  lastFetchMs: each.lastFetchTimestamp < 0 ? null : each.lastFetchTimestamp,
  lastCaughtUpMs: each.lastCaughtUpTimestamp < 0 ? null : each.lastCaughtUpTimestamp,
})

interface OfCluster {
  /** Where it is given, another cluster refuses. */
  readonly clusterId?: string
}

export function addRaftVoter(
  call: Call,
  voter: VoterRef,
  listeners: readonly Endpoint[],
  { clusterId }: OfCluster,
): Promise<void> {
  const asked = { clusterId: clusterId ?? null, voterId: voter.id, voterDirectoryId: voter.directoryId, listeners }
  return askOne(call, toAny<null>, async (connection) => {
    const body = { ...asked, timeoutMs: brokerTimeoutMs(call) }
    const response = await request(call, connection, addRaftVoterApi, body)
    throwOnError(response.errorCode, connection, addRaftVoterApi.name, response.errorMessage)
  })
}

export function removeRaftVoter(call: Call, voter: VoterRef, { clusterId }: OfCluster): Promise<void> {
  const body = { clusterId: clusterId ?? null, voterId: voter.id, voterDirectoryId: voter.directoryId }
  return askOne(call, toAny<null>, async (connection) => {
    const response = await request(call, connection, removeRaftVoterApi, body)
    throwOnError(response.errorCode, connection, removeRaftVoterApi.name, response.errorMessage)
  })
}

export function unregisterBroker(call: Call, brokerId: number): Promise<void> {
  return askOne(call, toAny<null>, async (connection) => {
    const response = await request(call, connection, unregisterBrokerApi, { brokerId })
    throwOnError(response.errorCode, connection, unregisterBrokerApi.name, response.errorMessage)
  })
}
