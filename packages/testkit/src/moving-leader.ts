import type { TestContext } from 'node:test'
import type { FetchRequest, FetchResponseInput, ProduceRequest, ProduceResponseInput } from '@millrace/protocol'
import {
  batchField,
  buildBatch,
  errorCode,
  fetchApi,
  initProducerIdApi,
  listOffsetsApi,
  metadataApi,
  offsetForLeaderEpochApi,
  produceApi,
} from '@millrace/protocol'
import { FakeBroker, reply } from './fake-broker.ts'

const topicId = 'AAAAAAAAAAAAAAAAAAAAAQ'
const producerId = 7

/** What a refusal says of the leader. */
export interface Said {
  readonly currentLeader: { readonly leaderId: number; readonly leaderEpoch: number }
  readonly nodeEndpoints: { nodeId: number; host: string; port: number; rack: string | null }[]
}

type FetchAnswer = FetchResponseInput['responses'][number]['partitions'][number]
type FetchedPartition = FetchRequest['topics'][number]['partitions'][number]

interface Batch {
  readonly baseOffset: number
  readonly baseSequence: number
  readonly count: number
  readonly value: string
}

/** A partition that both brokers have, and who leads it. */
export class MovingPartition {
  leader = 1
  epoch = 5
  /** The newest that a refusal made up. */
  saidEpoch = 0
  readonly batches: Batch[] = []

  get endOffset(): number {
    return this.batches.reduce((sum, { count }) => sum + count, 0)
  }
}

/**
 * Two brokers, 1 and 2, and a topic whose leaders move between them as a test says. Who doesn't lead a partition says who
 * does, as Apache Kafka's brokers do (KIP-951), or what `says` makes of it. Fetches have sessions.
 */
export class MovingLeader {
  readonly topic = 'orders'
  readonly partitions: readonly MovingPartition[]
  readonly brokers: ReadonlyMap<number, FakeBroker>
  /** What each broker was asked, in order: `Metadata 1`. */
  readonly asked: string[] = []
  /** Of each fetch: the broker, the epoch of its session, and the partitions that it names and forgets. */
  readonly fetches: { broker: number; sessionEpoch: number; named: number[]; forgotten: number[] }[] = []
  says: (partition: number, broker: number) => Said | undefined = (partition) => this.truth(partition)
  /** The brokers that metadata tells of. */
  known: readonly number[] = [1, 2]
  /** Told of each produce request before it is answered. */
  onProduce: (broker: number) => void = () => {}
  readonly #sessions = new Map<number, Map<number, FetchedPartition>>()

  private constructor(brokers: ReadonlyMap<number, FakeBroker>, partitions: number) {
    this.brokers = brokers
    this.partitions = Array.from({ length: partitions }, () => new MovingPartition())
    for (const [id, broker] of brokers) this.#serve(id, broker)
  }

  static async start(t: Pick<TestContext, 'after'>, partitions = 1): Promise<MovingLeader> {
    const brokers = new Map<number, FakeBroker>()
    for (const id of [1, 2]) brokers.set(id, await FakeBroker.start(t))
    return new MovingLeader(brokers, partitions)
  }

  get bootstrapServers(): string {
    return this.#broker(1).bootstrapServers
  }

  truth(partition: number): Said {
    const { leader, epoch } = this.partitions[partition]!
    const { host, port } = this.#broker(leader)
    return {
      currentLeader: { leaderId: leader, leaderEpoch: epoch },
      nodeEndpoints: [{ nodeId: leader, host, port, rack: null }],
    }
  }

  /** It leads from the next epoch on. */
  lead(broker: number, partition = 0): void {
    const moved = this.partitions[partition]!
    moved.leader = broker
    moved.epoch = Math.max(moved.epoch, moved.saidEpoch) + 1
  }

  /** Nobody leads, and each broker says of every refusal that now the other does, in an epoch that metadata doesn't know. */
  pingPong(partition = 0): void {
    const moved = this.partitions[partition]!
    moved.leader = 0
    this.says = (_, broker) => {
      moved.saidEpoch = Math.max(moved.saidEpoch, moved.epoch) + 1
      const { host, port } = this.#broker(3 - broker)
      const currentLeader = { leaderId: 3 - broker, leaderEpoch: moved.saidEpoch }
      return { currentLeader, nodeEndpoints: [{ nodeId: 3 - broker, host, port, rack: null }] }
    }
  }

  /** How often each was asked since the last call. */
  takeAsked(): Record<string, number> {
    const counts: Record<string, number> = {}
    for (const what of this.asked.splice(0)) counts[what] = (counts[what] ?? 0) + 1
    return counts
  }

  append(partition: number, values: readonly string[]): void {
    const { batches } = this.partitions[partition]!
    for (const value of values) batches.push({ baseOffset: batches.length, baseSequence: -1, count: 1, value })
  }

  #broker(id: number): FakeBroker {
    return this.brokers.get(id)!
  }

  #serve(id: number, broker: FakeBroker): void {
    broker.answer(metadataApi, () => this.#metadata(id))
    broker.answer(initProducerIdApi, () => ({ errorCode: 0, producerId, producerEpoch: 0 }))
    broker.answer(produceApi, (request) => this.#produce(id, request))
    broker.answer(listOffsetsApi, ({ topics }) => ({
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex }) => ({
          partitionIndex,
          errorCode: 0,
          timestamp: -1,
          offset: 0,
        })),
      })),
    }))
    broker.answer(offsetForLeaderEpochApi, ({ topics }) => {
      this.asked.push(`OffsetForLeaderEpoch ${id}`)
      const end = (index: number) => this.partitions[index]!.endOffset
      const partitions = topics[0]!.partitions.map(({ partition, leaderEpoch }) => ({
        partition,
        errorCode: 0,
        leaderEpoch,
        endOffset: end(partition),
      }))
      return { topics: [{ topic: this.topic, partitions }] }
    })
    broker.act(fetchApi, (frame, socket) => {
      const { body, haste } = this.#fetch(id, fetchApi.request.decode(frame.body, frame.apiVersion))
      const answer = (): void => void (socket.destroyed || reply(socket, fetchApi, frame, body))
      // As a broker that waits for records, though not for long.
      if (haste) answer()
      else setTimeout(answer, 5)
    })
  }

  #metadata(id: number) {
    this.asked.push(`Metadata ${id}`)
    const brokers = this.known.map((nodeId) => {
      const { host, port } = this.#broker(nodeId)
      return { nodeId, host, port }
    })
    const partitions = this.partitions.map(({ leader, epoch }, partitionIndex) => ({
      errorCode: 0,
      partitionIndex,
      leaderId: leader,
      leaderEpoch: epoch,
      replicaNodes: [1, 2],
      isrNodes: [1, 2],
    }))
    const topics = [{ errorCode: 0, name: this.topic, topicId, partitions }]
    return { brokers, clusterId: 'c', controllerId: 1, topics }
  }

  #produce(id: number, { topicData }: ProduceRequest): ProduceResponseInput {
    this.asked.push(`Produce ${id}`)
    this.onProduce(id)
    const nodeEndpoints: Said['nodeEndpoints'] = []
    const partitionResponses = topicData[0]!.partitionData.map(({ index, records }) => {
      if (this.partitions[index]!.leader === id) return this.#append(index, records!)
      const said = this.says(index, id)
      nodeEndpoints.push(...(said?.nodeEndpoints ?? []))
      const errorOf = errorCode('NOT_LEADER_OR_FOLLOWER')
      return { index, errorCode: errorOf, baseOffset: -1, ...(said && { currentLeader: said.currentLeader }) }
    })
    return { responses: [{ topicId, partitionResponses }], nodeEndpoints }
  }

  // As the broker's producer state has it: a repeat is told where it is, a gap is refused.
  #append(index: number, bytes: Uint8Array) {
    const partition = this.partitions[index]!
    const baseSequence = batchField.baseSequence(bytes, 0)
    const count = batchField.recordCount(bytes, 0)
    const repeated = partition.batches.find((each) => each.baseSequence === baseSequence)
    if (repeated !== undefined) return { index, errorCode: 0, baseOffset: repeated.baseOffset }
    const baseOffset = partition.endOffset
    if (baseSequence !== baseOffset)
      return { index, errorCode: errorCode('OUT_OF_ORDER_SEQUENCE_NUMBER'), baseOffset: -1 }
    partition.batches.push({ baseOffset, baseSequence, count, value: '' })
    return { index, errorCode: 0, baseOffset }
  }

  #fetch(id: number, request: FetchRequest): { readonly body: FetchResponseInput; readonly haste: boolean } {
    this.asked.push(`Fetch ${id}`)
    const named = request.topics.flatMap(({ partitions }) => partitions)
    const forgotten = request.forgottenTopicsData.flatMap(({ partitions }) => [...partitions])
    const { sessionEpoch } = request
    this.fetches.push({ broker: id, sessionEpoch, named: named.map(({ partition }) => partition), forgotten })
    if (sessionEpoch === 0) this.#sessions.set(id, new Map())
    const session = sessionEpoch < 0 ? new Map<number, FetchedPartition>() : this.#sessions.get(id)!
    for (const index of forgotten) session.delete(index)
    for (const each of named) session.set(each.partition, each)
    const nodeEndpoints: Said['nodeEndpoints'] = []
    const partitions = [...session.values()].flatMap((each) => this.#read(id, each, nodeEndpoints))
    const responses = partitions.length === 0 ? [] : [{ topicId, partitions }]
    const body = { errorCode: 0, sessionId: sessionEpoch < 0 ? 0 : id, responses, nodeEndpoints }
    return { body, haste: partitions.length > 0 }
  }

  #read(id: number, asked: FetchedPartition, nodeEndpoints: Said['nodeEndpoints']): FetchAnswer[] {
    const index = asked.partition
    const partition = this.partitions[index]!
    const common = { partitionIndex: index, highWatermark: partition.endOffset, abortedTransactions: null }
    const leads = partition.leader === id
    if (!leads || asked.currentLeaderEpoch < partition.epoch) {
      const error = errorCode(leads ? 'FENCED_LEADER_EPOCH' : 'NOT_LEADER_OR_FOLLOWER')
      const said = this.says(index, id)
      nodeEndpoints.push(...(said?.nodeEndpoints ?? []))
      return [{ ...common, errorCode: error, records: null, ...(said && { currentLeader: said.currentLeader }) }]
    }
    const batch = partition.batches[asked.fetchOffset]
    if (batch === undefined) return []
    const record = { key: null, value: Buffer.from(batch.value), timestampMs: 1 }
    const { baseOffset } = batch
    return [
      { ...common, errorCode: 0, records: buildBatch({ records: [record], baseOffset, leaderEpoch: partition.epoch }) },
    ]
  }
}
