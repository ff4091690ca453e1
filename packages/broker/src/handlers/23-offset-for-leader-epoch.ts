// OffsetForLeaderEpoch v2-4: where a leader epoch ended in this leader's log, by which others find where they diverge.
import { asLeaderEpoch } from '@millrace/kernel'
import type { ErrorName, OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse } from '@millrace/protocol'
import { errorCode, offsetForLeaderEpochApi } from '@millrace/protocol'
import type { RequestContext } from '../dispatch/handler.ts'
import { defineHandler, need } from '../dispatch/handler.ts'
import { mapInSlices, Slices } from '../runtime/slices.ts'

type AskedPartition = OffsetForLeaderEpochRequest['topics'][number]['partitions'][number]
type TopicAnswer = OffsetForLeaderEpochResponse['topics'][number]
type PartitionAnswer = TopicAnswer['partitions'][number]

export const offsetForLeaderEpoch = defineHandler(offsetForLeaderEpochApi, {
  access: (request) => request.topics.map(({ topic }) => need('DESCRIBE', 'TOPIC', topic)),
  handle: async (request, context) => {
    const slices = new Slices(context)
    const topics: TopicAnswer[] = []
    for (const { topic, partitions } of request.topics) {
      topics.push({
        topic,
        partitions: await mapInSlices(partitions, slices, (asked) => answer(topic, asked, context)),
      })
    }
    return { throttleTimeMs: 0, topics }
  },
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
