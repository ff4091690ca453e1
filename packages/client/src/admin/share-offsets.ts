import type { Connection } from '@millrace/connection'
import { alterShareGroupOffsetsApi, deleteShareGroupOffsetsApi, describeShareGroupOffsetsApi } from '@millrace/protocol'
import { throwOnError } from '../cluster/cluster.ts'
import type { TopicPartition, TopicPartitionOffset } from '../record.ts'
import { askEach } from './ask-each.ts'
import { byTopic } from './by-topic.ts'
import type { Call } from './call.ts'
import type { GroupPartitions, ShareOffset } from './offsets-api.ts'
import { doneOrNot, outcomeOf } from './outcome.ts'
import { partitionKey } from './outcome-keys.ts'
import type { Outcome, Outcomes } from './outcome-types.ts'
import { request } from './request.ts'
import { coordinatorMoved, toCoordinators } from './routes.ts'

type ShareOffsets = readonly ShareOffset[]

export const fetchShareOffsets = (call: Call, groups: readonly GroupPartitions[]): Promise<Outcomes<ShareOffsets>> =>
  askEach<GroupPartitions, ShareOffsets, string>(call, {
    items: groups,
    key: ({ groupId }) => groupId,
    route: toCoordinators('group', ({ groupId }) => groupId),
    again: coordinatorMoved,
    send: async (connection, items) => {
      const body = { groups: items.map(({ groupId, partitions }) => ({ groupId, topics: topicsOf(partitions) })) }
      const response = await request(call, connection, describeShareGroupOffsetsApi, body)
      return response.groups.map((group) => [group.groupId, offsetsOf(group, connection)])
    },
  })

const topicsOf = (partitions: readonly TopicPartition[] | undefined) =>
  partitions === undefined
    ? null
    : [...byTopic(partitions)].map(([topicName, mine]) => ({
        topicName,
        partitions: mine.map(({ partition }) => partition),
      }))

type GroupAnswer = ReturnType<typeof describeShareGroupOffsetsApi.response.decode>['groups'][number]

/** The first error of a partition is the group's. */
function offsetsOf({ groupId, ...group }: GroupAnswer, connection: Connection): Outcome<ShareOffsets> {
  const from = { connection, api: describeShareGroupOffsetsApi.name }
  const parts = group.topics.flatMap(({ topicName: topic, partitions }) =>
    partitions.map((each) => ({ ...each, topic, partition: each.partitionIndex })),
  )
  const wrong = parts.find((each) => each.errorCode !== 0)
  const about = group.errorCode !== 0 || wrong === undefined ? groupId : partitionKey(wrong)
  const { errorCode, errorMessage } = group.errorCode === 0 && wrong !== undefined ? wrong : group
  return outcomeOf(errorCode, errorMessage, { ...from, about }, () =>
    parts.map(({ topic, partition, startOffset: offset, leaderEpoch, lag }) => ({
      topic,
      partition,
      offset,
      leaderEpoch,
      lag,
    })),
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
        partitions.map(({ partitionIndex: partition, errorCode, errorMessage }) => {
          const key = partitionKey({ topic, partition })
          return [key, doneOrNot(errorCode, errorMessage, connection, api, key)] as const
        }),
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
        doneOrNot(errorCode, errorMessage, connection, api, topicName),
      ])
    },
  })
