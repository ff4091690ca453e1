import { alterPartitionReassignmentsApi, electLeadersApi, listPartitionReassignmentsApi } from '@millrace/protocol'
import { throwOnError } from '../cluster/cluster.ts'
import type { TopicPartition } from '../record.ts'
import { askEach, ofAll } from './ask-each.ts'
import { byTopic } from './by-topic.ts'
import type { Call } from './call.ts'
import { brokerTimeoutMs } from './call.ts'
import { wordIn } from './names.ts'
import { doneOrNot } from './outcome.ts'
import { partitionKey } from './outcome-keys.ts'
import type { Outcomes } from './outcome-types.ts'
import type { AlterReassignmentsOptions, ElectionType, OngoingReassignment, Reassignment } from './replicas-api.ts'
import { askOne, request } from './request.ts'
import { controllerMoved, toController } from './routes.ts'

// The first version that can be told to keep the number of replicas.
const keepFactorVersion = 1

export const alterPartitionReassignments = (
  call: Call,
  reassignments: readonly Reassignment[],
  { allowReplicationFactorChange = true }: AlterReassignmentsOptions,
): Promise<Outcomes<null>> =>
  askEach<Reassignment, null, string>(call, {
    items: reassignments,
    key: partitionKey,
    route: toController,
    again: controllerMoved,
    send: async (connection, items) => {
      const api = alterPartitionReassignmentsApi
      const topics = [...byTopic(items)].map(([name, mine]) => ({
        name,
        partitions: mine.map(({ partition, replicas }) => ({ partitionIndex: partition, replicas })),
      }))
      const body = (version: number) => ({
        timeoutMs: brokerTimeoutMs(call),
        topics,
        ...(version >= keepFactorVersion ? { allowReplicationFactorChange } : {}),
      })
      const versions = allowReplicationFactorChange ? {} : { min: keepFactorVersion }
      const response = await request(call, connection, api, body, versions)
      throwOnError(response.errorCode, connection, api.name, response.errorMessage)
      return response.responses.flatMap(({ name: topic, partitions }) =>
        partitions.map(({ partitionIndex: partition, errorCode, errorMessage }) => {
          const key = partitionKey({ topic, partition })
          return [key, doneOrNot(errorCode, errorMessage, connection, api, key)] as const
        }),
      )
    },
  })

export function listPartitionReassignments(
  call: Call,
  partitions: readonly TopicPartition[] | undefined,
): Promise<OngoingReassignment[]> {
  const topics =
    partitions === undefined
      ? null
      : [...byTopic(partitions)].map(([name, mine]) => ({
          name,
          partitionIndexes: mine.map(({ partition }) => partition),
        }))
  return askOne(call, toController<null>, async (connection) => {
    const api = listPartitionReassignmentsApi
    const response = await request(call, connection, api, { timeoutMs: brokerTimeoutMs(call), topics })
    throwOnError(response.errorCode, connection, api.name, response.errorMessage)
    return response.topics.flatMap(({ name: topic, partitions: moving }) =>
      moving.map(({ partitionIndex: partition, replicas, addingReplicas: adding, removingReplicas: removing }) => ({
        topic,
        partition,
        replicas,
        adding,
        removing,
      })),
    )
  })
}

const electionTypes: Readonly<Record<ElectionType, number>> = { preferred: 0, unclean: 1 }

// The first version that knows of another election than that of the preferred leader.
const uncleanVersion = 1

export async function electLeaders(
  call: Call,
  type: ElectionType,
  partitions: readonly TopicPartition[] | undefined,
): Promise<Outcomes<null>> {
  const electionType = wordIn('type', electionTypes, type)
  if (partitions?.length === 0) return new Map()
  const topicPartitions =
    partitions === undefined
      ? null
      : [...byTopic(partitions)].map(([topic, mine]) => ({
          topic,
          partitions: mine.map(({ partition }) => partition),
        }))
  return askOne(call, toController<null>, async (connection) => {
    const body = (version: number) => ({
      topicPartitions,
      timeoutMs: brokerTimeoutMs(call),
      ...(version >= uncleanVersion ? { electionType } : {}),
    })
    const versions = type === 'preferred' ? {} : { min: uncleanVersion }
    const response = await request(call, connection, electLeadersApi, body, versions)
    throwOnError(response.errorCode, connection, electLeadersApi.name)
    const outcomes = response.replicaElectionResults.flatMap(({ topic, partitionResult }) =>
      partitionResult.map(({ partitionId: partition, errorCode, errorMessage }) => {
        const key = partitionKey({ topic, partition })
        return [key, doneOrNot(errorCode, errorMessage, connection, electLeadersApi, key)] as const
      }),
    )
    const elected = new Map(outcomes)
    return partitions === undefined ? elected : ofAll(new Set(partitions.map(partitionKey)), elected)
  })
}
