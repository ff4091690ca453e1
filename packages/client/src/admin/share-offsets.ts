import { alterShareGroupOffsetsApi, deleteShareGroupOffsetsApi, describeShareGroupOffsetsApi } from '@millrace/protocol'
import { partError, throwOnError } from '../cluster/cluster.ts'
import type { TopicPartition, TopicPartitionOffset } from '../record.ts'
import { askEach } from './ask-each.ts'
import { byTopic } from './by-topic.ts'
import type { Call } from './call.ts'
import type { ShareOffset } from './offsets-api.ts'
import { doneOrNot } from './outcome.ts'
import { partitionKey } from './outcome-keys.ts'
import type { Outcomes } from './outcome-types.ts'
import { askOne, request } from './request.ts'
import { coordinatorMoved, toCoordinators } from './routes.ts'

export function fetchShareOffsets(
  call: Call,
  groupId: string,
  partitions: readonly TopicPartition[] | undefined,
): Promise<ShareOffset[]> {
  const topics =
    partitions === undefined
      ? null
      : [...byTopic(partitions)].map(([topicName, mine]) => ({
          topicName,
          partitions: mine.map(({ partition }) => partition),
        }))
  return askOne(
    call,
    toCoordinators('group', () => groupId),
    async (connection) => {
      const api = describeShareGroupOffsetsApi
      const response = await request(call, connection, api, { groups: [{ groupId, topics }] })
      const group = response.groups[0]
      throwOnError(group?.errorCode ?? -1, connection, api.name, group?.errorMessage)
      return (group?.topics ?? []).flatMap(({ topicName: topic, partitions: answers }) =>
        answers.map((each) => {
          if (each.errorCode !== 0) throw partError(each.errorCode, connection, api.name, each.errorMessage)
          const { partitionIndex: partition, startOffset: offset, leaderEpoch, lag } = each
          return { topic, partition, offset, leaderEpoch, lag }
        }),
      )
    },
  )
}

export const alterShareOffsets = (
  call: Call,
  groupId: string,
  offsets: readonly TopicPartitionOffset[],
): Promise<Outcomes<null>> =>
  askEach<TopicPartitionOffset, null, string>(call, {
    items: offsets,
    key: partitionKey,
    route: toCoordinators('group', () => groupId),
    again: coordinatorMoved,
    send: async (connection, items) => {
      const api = alterShareGroupOffsetsApi
      const topics = [...byTopic(items)].map(([topicName, mine]) => ({
        topicName,
        partitions: mine.map(({ partition, offset }) => ({ partitionIndex: partition, startOffset: offset })),
      }))
      const response = await request(call, connection, api, { groupId, topics })
      throwOnError(response.errorCode, connection, api.name, response.errorMessage)
      return response.responses.flatMap(({ topicName: topic, partitions }) =>
        partitions.map(
          ({ partitionIndex: partition, errorCode, errorMessage }) =>
            [partitionKey({ topic, partition }), doneOrNot(errorCode, errorMessage, connection, api)] as const,
        ),
      )
    },
  })

export const deleteShareOffsets = (call: Call, groupId: string, topics: readonly string[]): Promise<Outcomes<null>> =>
  askEach<string, null, string>(call, {
    items: topics,
    key: (topic) => topic,
    route: toCoordinators('group', () => groupId),
    again: coordinatorMoved,
    send: async (connection, items) => {
      const api = deleteShareGroupOffsetsApi
      const body = { groupId, topics: items.map((topicName) => ({ topicName })) }
      const response = await request(call, connection, api, body)
      throwOnError(response.errorCode, connection, api.name, response.errorMessage)
      return response.responses.map(({ topicName, errorCode, errorMessage }) => [
        topicName,
        doneOrNot(errorCode, errorMessage, connection, api),
      ])
    },
  })
