// DescribeProducers v0: the idempotent producers that partitions led by this broker know.
import type { DescribeProducersResponse, ErrorName } from '@millrace/protocol'
import { describeProducersApi, errorCode } from '@millrace/protocol'
import { topicNameFault } from '@millrace/machines'
import type { RequestContext } from '../dispatch/handler.ts'
import { defineHandler, need } from '../dispatch/handler.ts'
import { mapInSlices, Slices } from '../runtime/slices.ts'

export const describeProducers = defineHandler(describeProducersApi, {
  access: (request) => request.topics.map(({ name }) => need('READ', 'TOPIC', name)),
  handle: async (request, context) => {
    const slices = new Slices(context)
    const topics: DescribeProducersResponse['topics'] = []
    for (const { name, partitionIndexes } of request.topics) {
      const describeOne = (index: number) => describe(name, index, context)
      topics.push({ name, partitions: await mapInSlices(partitionIndexes, slices, describeOne) })
    }
    return { throttleTimeMs: 0, topics }
  },
  failure: (request, error, message) => ({
    throttleTimeMs: 0,
    topics: request.topics.map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((index) => failed(index, error, message)),
    })),
  }),
})

const failed = (partitionIndex: number, error: ErrorName, errorMessage: string | null) => ({
  partitionIndex,
  errorCode: errorCode(error),
  errorMessage,
  activeProducers: [],
})

function describe(topic: string, index: number, { services, image }: RequestContext) {
  const illegal = topicNameFault(topic)
  if (illegal !== null) return failed(index, illegal.error, illegal.message)
  const partition = services.partitions.leader(image, topic, index)
  if (typeof partition === 'string') return failed(index, partition, `${topic}-${index} is not led by this broker`)
  const activeProducers = partition.log.producers().map(({ lastTimestampMs: lastTimestamp, ...producer }) => ({
    ...producer,
    lastTimestamp,
  }))
  return { ...failed(index, 'NONE', null), activeProducers }
}
