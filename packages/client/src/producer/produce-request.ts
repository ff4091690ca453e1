import type { ProduceRequestInput, ProduceResponse } from '@millrace/protocol'
import type { Batch } from './batch.ts'
import type { PartitionLane } from './partition-lane.ts'

/** One partition's part of a request. */
export class Shipment {
  readonly lane: PartitionLane
  readonly batch: Batch
  readonly bytes: Uint8Array

  constructor(lane: PartitionLane, batch: Batch, bytes: Uint8Array) {
    this.lane = lane
    this.batch = batch
    this.bytes = bytes
  }
}

/** What is the same in every request of a producer. */
export interface ProduceTerms {
  readonly acks: -1 | 0 | 1
  readonly timeoutMs: number
}

/** From here on Produce names topics by id. */
export const firstVersionWithTopicIds = 13

/** The body of a request: at most one shipment of each partition. */
export function produceBody(
  version: number,
  terms: ProduceTerms,
  shipments: readonly Shipment[],
  topicIdOf: (topic: string) => string,
): ProduceRequestInput {
  const topics = new Map<string, { index: number; records: Uint8Array }[]>()
  for (const { lane, bytes } of shipments) {
    const partitions = topics.get(lane.topic)
    const partition = { index: lane.partition, records: bytes }
    if (partitions === undefined) topics.set(lane.topic, [partition])
    else partitions.push(partition)
  }
  const topicData = Array.from(topics, ([name, partitionData]) =>
    version >= firstVersionWithTopicIds ? { topicId: topicIdOf(name), partitionData } : { name, partitionData },
  )
  return { ...terms, topicData }
}

type TopicAnswer = ProduceResponse['responses'][number]
export type PartitionAnswer = TopicAnswer['partitionResponses'][number]

/** The answer to each shipment, undefined where the broker left it out. */
export function answersTo(
  response: ProduceResponse,
  shipments: readonly Shipment[],
  topicIdOf: (topic: string) => string,
): readonly (PartitionAnswer | undefined)[] {
  const topics = new Map<string, Map<number, PartitionAnswer>>()
  for (const { name, topicId, partitionResponses } of response.responses) {
    topics.set(name === '' ? topicId : name, new Map(partitionResponses.map((each) => [each.index, each])))
  }
  return shipments.map(({ lane }) => (topics.get(lane.topic) ?? topics.get(topicIdOf(lane.topic)))?.get(lane.partition))
}
