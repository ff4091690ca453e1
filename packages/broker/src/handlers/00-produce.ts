// Produce v3-13, advertised from 0 because librdkafka compresses only where it sees that. Batches pass through as they
// are. The answer waits for the log (acks=1) or for the whole ISR (acks=all); acks=0 has none, so that an error there
// closes the connection. From v13 topics come by id only.
import type { Timer } from '@millrace/kernel'
import type { ErrorName, ProduceRequest, ProduceResponse, ProduceResponseInput } from '@millrace/protocol'
import {
  batchAttribute,
  batchField,
  batchHeaderBytes,
  codecs,
  errorCode,
  KafkaError,
  produceApi,
} from '@millrace/protocol'
import { isInternalTopic } from '@millrace/machines'
import type { AppendOutcome } from '@millrace/storage'
import type { RequestContext } from '../dispatch/handler.ts'
import { defineHandler, need } from '../dispatch/handler.ts'
import type { CommitWaiter } from '../runtime/commit-waiters.ts'
import type { Naming } from '../runtime/last-of-each.ts'
import { lastOfEach } from '../runtime/last-of-each.ts'
import { LeaderHints } from '../runtime/leader-hints.ts'
import type { Partition } from '../runtime/partition.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
type PartitionResult = Mutable<NonNullable<ProduceResponseInput['responses'][number]['partitionResponses'][number]>>
type TopicData = ProduceRequest['topicData'][number]

const adminClientId = '__admin_client'
const allReplicas = -1

export const produce = defineHandler(produceApi, {
  advertised: { min: 0, max: 13 },
  pipelined: true,
  // The log copies what it takes in.
  usesRequestInPlace: true,
  silent: ({ acks }) => acks === 0,
  access: (request) => request.topicData.flatMap(({ name }) => (name === '' ? [] : [need('WRITE', 'TOPIC', name)])),
  handle: (request, context) =>
    new Promise((resolve, reject) => {
      try {
        refuseTransactions(request)
        new ProduceRun(request, context, resolve).start(lastOfEach(request.topicData, naming))
      } catch (error) {
        reject(error)
      }
    }),
  failure: (request, error, message) => ({
    responses: request.topicData.map(({ name, topicId, partitionData }) => ({
      name,
      topicId,
      partitionResponses: partitionData.map(({ index }) => failed(index, error, message)),
    })),
  }),
})

const naming: Naming<TopicData, TopicData['partitionData'][number]> = {
  keyOf: ({ name, topicId }) => (name === '' ? topicId : name),
  partsOf: ({ partitionData }) => partitionData,
  indexOf: ({ index }) => index,
  withParts: (topic, partitionData) => ({ ...topic, partitionData }),
}

const failed = (index: number, error: ErrorName, errorMessage: string | null): PartitionResult => ({
  index,
  errorCode: errorCode(error),
  baseOffset: -1,
  logAppendTimeMs: -1,
  logStartOffset: -1,
  errorMessage,
})

/** One request on its way: counts down the partitions that aren't answered yet. */
class ProduceRun {
  // Not the request itself: who waits for replicas mustn't hold its bytes.
  readonly #acks: number
  readonly #timeoutMs: number
  readonly #context: RequestContext
  readonly #finish: (response: ProduceResponse | ProduceResponseInput | null) => void
  readonly #responses: Mutable<ProduceResponseInput['responses'][number]>[] = []
  #parked: Map<PartitionResult, CommitWaiter> | undefined
  #hints: LeaderHints | undefined
  #timer: Timer | undefined
  #open = 1
  /** Appends that wait for large batches, and the request's own. */
  #held = 1

  constructor(
    request: ProduceRequest,
    context: RequestContext,
    finish: (response: ProduceResponseInput | null) => void,
  ) {
    this.#acks = request.acks
    this.#timeoutMs = request.timeoutMs
    this.#context = context
    this.#finish = finish
  }

  start(topicData: readonly TopicData[]): void {
    const acks = this.#acks
    const wrongAcks = acks !== 0 && acks !== 1 && acks !== allReplicas
    for (const topic of topicData) {
      const partitionResponses: PartitionResult[] = []
      this.#responses.push({ name: topic.name, topicId: topic.topicId, partitionResponses })
      const name = this.#topicName(topic)
      for (const { index, records } of topic.partitionData) {
        const result = failed(index, 'NONE', null)
        partitionResponses.push(result)
        if (wrongAcks) this.#wrong(topic.name, result, 'INVALID_REQUIRED_ACKS', `acks=${acks}, expected -1, 0 or 1`)
        else if (name === undefined) this.#wrong(topic.topicId, result, 'UNKNOWN_TOPIC_ID', null)
        else this.#append(name, result, records)
      }
    }
    this.#context.services.coldPace.produced()
    this.#letGo()
    this.#close()
  }

  // What was handed to the log is written in this order: the next request needn't wait for it. But while another thread
  // works on a batch its bytes are kept: they count as this request's, and its connection brings no more of them.
  #letGo(): void {
    this.#held -= 1
    if (this.#held === 0) this.#context.appended()
  }

  #topicName(topic: TopicData): string | undefined {
    if (this.#context.apiVersion < 13) return topic.name
    return this.#context.image.topicsById.get(topic.topicId)?.name
  }

  #append(topic: string, result: PartitionResult, records: Uint8Array | null): void {
    const { services, image, apiVersion, clientId } = this.#context
    const partition = services.partitions.leader(image, topic, result.index)
    if (partition === 'UNKNOWN_TOPIC_OR_PARTITION') return fail(result, partition, null)
    const wrong = recordsError(records, apiVersion)
    if (records === null || wrong !== null) {
      return this.#wrong(topic, result, wrong?.error ?? 'INVALID_RECORD', wrong?.message ?? null)
    }
    if (isInternalTopic(topic) && clientId !== adminClientId) {
      return this.#wrong(topic, result, 'INVALID_TOPIC_EXCEPTION', `clients can not append to internal topic ${topic}`)
    }
    if (typeof partition === 'string') return this.#refuse(topic, result, partition)
    this.#open += 1
    // Read now: the log may compress anew what it is given.
    const isBatch = isOneBatch(records)
    const count = isBatch ? batchField.recordCount(records, 0) : 0
    let isHeld = false
    isHeld = partition.append(records, 'client', this.#acks, (outcome) => {
      if (isHeld) this.#letGo()
      if (outcome.ok) services.topicMetrics.produced(topic, records.length, count)
      else services.topicMetrics.produceFailed(topic)
      if (!outcome.ok && isBatch && recordErrors.has(outcome.error)) {
        result.logStartOffset = partition.log.logStartOffset
      }
      this.#appended(partition, result, outcome)
    })
    if (isHeld) this.#held += 1
  }

  /** An error that trying again doesn't mend. */
  #wrong(topic: string, result: PartitionResult, error: ErrorName, reason: string | null): void {
    fail(result, error, error === 'INVALID_REQUIRED_ACKS' ? null : reason)
    this.#context.refused(error, reason, { topic, partition: result.index })
  }

  #refuse(topic: string, result: PartitionResult, error: ErrorName): void {
    fail(result, error, null)
    if (this.#context.apiVersion < 10 || error !== 'NOT_LEADER_OR_FOLLOWER') return
    this.#hints ??= new LeaderHints(this.#context)
    const leader = this.#hints.leaderOf(topic, result.index)
    if (leader !== undefined) result.currentLeader = leader
  }

  #appended(partition: Partition, result: PartitionResult, outcome: AppendOutcome): void {
    if (!outcome.ok) {
      if (outcome.error === 'NOT_LEADER_OR_FOLLOWER') this.#refuse(partition.topic, result, outcome.error)
      else this.#wrong(partition.topic, result, outcome.error, outcome.message)
      if (outcome.recordErrors !== undefined) {
        result.recordErrors = outcome.recordErrors.map(({ batchIndex, message }) => ({
          batchIndex,
          batchIndexErrorMessage: message,
        }))
      }
      return this.#close()
    }
    result.baseOffset = outcome.baseOffset
    result.logAppendTimeMs = outcome.logAppendTimeMs
    result.logStartOffset = outcome.logStartOffset
    if (this.#acks === allReplicas) this.#awaitCommit(partition, result, outcome.lastOffset)
    else this.#close()
  }

  #awaitCommit(partition: Partition, result: PartitionResult, lastOffset: number): void {
    const waiter = partition.whenCommitted(lastOffset, (error) => {
      if (error !== null) this.#refuse(partition.topic, result, error)
      this.#parked?.delete(result)
      this.#close()
    })
    if (waiter === null) return
    this.#parked ??= new Map()
    this.#parked.set(result, waiter)
    if (this.#timer !== undefined) return
    this.#timer = this.#context.clock.setTimer(Math.max(0, this.#timeoutMs), () => this.#timedOut())
    this.#context.onDisconnect(() => this.#timedOut())
  }

  #timedOut(): void {
    for (const [result, waiter] of this.#parked ?? []) {
      waiter.cancel()
      fail(result, 'REQUEST_TIMED_OUT', null)
      this.#close()
    }
    this.#parked?.clear()
  }

  #close(): void {
    this.#open -= 1
    if (this.#open > 0) return
    this.#timer?.cancel()
    if (this.#acks === 0) this.#endUnanswered()
    else if (this.#hints === undefined) this.#finish({ responses: this.#responses })
    else this.#finish({ responses: this.#responses, nodeEndpoints: this.#hints.nodeEndpoints })
  }

  // Nobody reads an answer to acks=0: a closed connection is how the producer learns that something went wrong.
  #endUnanswered(): void {
    for (const { partitionResponses } of this.#responses) {
      const wrong = partitionResponses.find((result) => result.errorCode !== 0)
      if (wrong === undefined) continue
      this.#context.closeConnection(`a Produce with acks=0 failed with error ${wrong.errorCode}`)
      break
    }
    this.#finish(null)
  }
}

// Who sends these is told where the log starts, as Kafka tells it: the batch was read and found wrong.
const recordErrors: ReadonlySet<ErrorName> = new Set([
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'INVALID_PRODUCER_EPOCH',
])
const magic = 2

const isOneBatch = (records: Uint8Array): boolean =>
  records.length >= batchHeaderBytes &&
  batchField.sizeBytes(records, 0) === records.length &&
  batchField.magic(records, 0) === magic

function fail(result: PartitionResult, error: ErrorName, message: string | null): void {
  result.errorCode = errorCode(error)
  result.errorMessage = message
  result.baseOffset = -1
}

interface Wrong {
  readonly error: ErrorName
  readonly message: string
}

// What a request may hold depends on its version; all else about the batch is checked by the log.
function recordsError(records: Uint8Array | null, apiVersion: number): Wrong | null {
  if (records === null || records.length === 0) {
    return { error: 'INVALID_RECORD', message: 'no record batch for the partition, expected exactly one' }
  }
  if (apiVersion >= 7 || records.length < batchHeaderBytes) return null
  if (codecs[batchField.attributes(records, 0) & batchAttribute.codec] !== 'zstd') return null
  return {
    error: 'UNSUPPORTED_COMPRESSION_TYPE',
    message: `zstd in Produce version ${apiVersion}, expected 7 or newer`,
  }
}

function refuseTransactions({ topicData, transactionalId }: ProduceRequest): void {
  for (const { partitionData } of topicData) {
    for (const { records } of partitionData) {
      if (records === null || records.length < batchHeaderBytes) continue
      if ((batchField.attributes(records, 0) & batchAttribute.transactional) === 0) continue
      if (transactionalId === null) {
        throw new KafkaError(
          'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
          'transactional records without a transactional id',
        )
      }
      throw new KafkaError('INVALID_TXN_STATE', 'the partition is in no transaction: this broker offers none yet')
    }
  }
}
