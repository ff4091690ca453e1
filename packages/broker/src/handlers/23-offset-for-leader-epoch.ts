// OffsetForLeaderEpoch v2-4: where a leader epoch ended in this leader's log, by which others find where they diverge.
import { asLeaderEpoch } from '@millrace/kernel'
import type { ErrorName, OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse } from '@millrace/protocol'
import { errorCode, offsetForLeaderEpochApi } from '@millrace/protocol'
import type { RequestContext } from '../dispatch/handler.ts'
import { defineHandler, need } from '../dispatch/handler.ts'

type AskedPartition = OffsetForLeaderEpochRequest['topics'][number]['partitions'][number]
type PartitionAnswer = OffsetForLeaderEpochResponse['topics'][number]['partitions'][number]

export const offsetForLeaderEpoch = defineHandler(offsetForLeaderEpochApi, {
  access: (request) => request.topics.map(({ topic }) => need('DESCRIBE', 'TOPIC', topic)),
  handle: (request, context) => ({
    throttleTimeMs: 0,
    topics: request.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map((asked) => answer(topic, asked, context)),
    })),
  }),
  failure: (request, error) => ({
    topics: request.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map((asked) => failed(asked, error)),
    })),
  }),
})

const failed = ({ partition }: AskedPartition, error: ErrorName): PartitionAnswer => ({
  errorCode: errorCode(error),
  partition,
  leaderEpoch: -1,
  endOffset: -1,
})

function answer(topic: string, asked: AskedPartition, { services, image }: RequestContext): PartitionAnswer {
  const partition = services.partitions.leader(image, topic, asked.partition, asked.currentLeaderEpoch)
  if (typeof partition === 'string') return failed(asked, partition)
  const { leaderEpoch, endOffset } = partition.log.endOfEpoch(asLeaderEpoch(asked.leaderEpoch))
  return { errorCode: 0, partition: asked.partition, leaderEpoch, endOffset }
}
