import { createPartitionsApi, deleteRecordsApi } from '@millrace/protocol'
import type { TopicPartitionOffset } from '../record.ts'
import { askEach } from './ask-each.ts'
import { byTopic } from './by-topic.ts'
import type { Call } from './call.ts'
import { brokerTimeoutMs } from './call.ts'
import { doneOrNot, outcomeOf } from './outcome.ts'
import type { Outcomes } from './outcome-types.ts'
import { partitionKey } from './outcome-keys.ts'
import { request } from './request.ts'
import { changeHeldUp, leaderMoved, toController, toLeaders } from './routes.ts'
import type { NewPartitions, QuotaOptions, ValidateOptions } from './topics-api.ts'

export async function createPartitions(
  call: Call,
  topics: readonly NewPartitions[],
  options: ValidateOptions & QuotaOptions,
): Promise<Outcomes<null>> {
  const outcomes = await askEach<NewPartitions, null, string>(call, {
    items: topics,
    key: ({ topic }) => topic,
    route: toController,
    again: changeHeldUp(options),
    send: async (connection, items) => {
      const response = await request(call, connection, createPartitionsApi, {
        topics: items.map(({ topic, total, replicaAssignment }) => ({
          name: topic,
          count: total,
          assignments: replicaAssignment?.map((brokerIds) => ({ brokerIds })) ?? null,
        })),
        timeoutMs: brokerTimeoutMs(call),
        validateOnly: options.validateOnly ?? false,
      })
      return response.results.map(({ name, errorCode, errorMessage }) => [
        name,
        doneOrNot(errorCode, errorMessage, connection, createPartitionsApi, name),
      ])
    },
  })
  for (const topic of outcomes.keys()) call.cluster.invalidate(topic)
  return outcomes
}

type Deleted = { readonly lowWatermark: number }

export function deleteRecords(call: Call, before: readonly TopicPartitionOffset[]): Promise<Outcomes<Deleted>> {
  return askEach<TopicPartitionOffset, Deleted, string>(call, {
    items: before,
    key: partitionKey,
    route: toLeaders,
    again: leaderMoved,
    patient: true,
    send: async (connection, items) => {
      const topics = [...byTopic(items)].map(([name, mine]) => ({
        name,
        partitions: mine.map(({ partition, offset }) => ({ partitionIndex: partition, offset })),
      }))
      const body = { topics, timeoutMs: brokerTimeoutMs(call) }
      const response = await request(call, connection, deleteRecordsApi, body)
      const from = { connection, api: deleteRecordsApi.name }
      return response.topics.flatMap(({ name: topic, partitions }) =>
        partitions.map(({ partitionIndex: partition, errorCode, lowWatermark }) => {
          const key = partitionKey({ topic, partition })
          return [key, outcomeOf(errorCode, null, { ...from, about: key }, () => ({ lowWatermark }))] as const
        }),
      )
    },
  })
}
