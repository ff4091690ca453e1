import type { Connection } from '@millrace/connection'
import { BrokerError, responseError } from '@millrace/connection'
import { errorMessage } from '@millrace/kernel'
import type { ProduceResponse } from '@millrace/protocol'
import { errorName, KafkaError, produceApi } from '@millrace/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import { backoffMs } from '../cluster/retry.ts'
import type { Batch, ErrorOf } from './batch.ts'
import type { PartitionLane } from './partition-lane.ts'
import { mayPass, staleMetadataErrors, unknownOutcomeErrors } from './produce-errors.ts'
import type { PartitionAnswer, ProduceTerms, Shipment } from './produce-request.ts'
import { answersTo, firstVersionWithTopicIds, produceBody } from './produce-request.ts'
import type { BatchCounts } from './producer-metrics.ts'
import type { ProducerSettings } from './producer-settings.ts'
import { recordErrorsOf } from './record-errors.ts'

const noTopicId = 'AAAAAAAAAAAAAAAAAAAAAA'

/** What goes to one broker. */
export interface Pipeline {
  inFlight: number
  connection: Connection | undefined
  /** With acks 0: what was sent over the connection. */
  readonly unanswered: Set<string>
}

/** What else is known of a batch that failed. */
interface Failed {
  /** Default true. */
  readonly sent?: boolean
  /** Whether it goes again without a pause; default false. */
  readonly atOnce?: boolean
  readonly errorOf?: ErrorOf | undefined
}

/** Who was asked. */
interface Asked {
  readonly connection: Connection
  readonly leader: number
}

/** The way of a request: to its broker, and what its answer means for each of its batches. */
export class Delivery {
  readonly #cluster: Cluster
  readonly #settings: ProducerSettings
  readonly #counts: BatchCounts
  readonly #terms: ProduceTerms
  readonly #topicIdOf = (topic: string): string => this.#cluster.image.topics.get(topic)?.topicId ?? noTopicId

  constructor(cluster: Cluster, settings: ProducerSettings, counts: BatchCounts) {
    this.#cluster = cluster
    this.#settings = settings
    this.#counts = counts
    this.#terms = { acks: settings.acks, timeoutMs: cluster.settings.requestTimeoutMs }
  }

  /** Resolves when each batch has been answered, has failed, or is back in its lane to be sent again. */
  async ship(pipeline: Pipeline, leader: number, shipments: readonly Shipment[]): Promise<void> {
    let sent = false
    try {
      const connection = await this.#connection(pipeline, leader)
      sent = true
      for (const { batch } of shipments) batch.sends += 1
      if (this.#settings.acks === 0) await this.#post(pipeline, connection, shipments)
      else this.#settle(await this.#request(connection, shipments), { connection, leader }, shipments)
    } catch (error) {
      for (const { lane, batch } of shipments) this.#failed(lane, batch, error, { sent })
    }
  }

  #connection(pipeline: Pipeline, leader: number): Connection | Promise<Connection> {
    if (pipeline.connection?.closed === false) return pipeline.connection
    return this.#cluster.connection(leader, 'main', this.#cluster.closing).then((connection) => {
      if (this.#settings.acks === 0 && pipeline.connection !== connection) this.#watchRefusals(pipeline, connection)
      pipeline.connection = connection
      return connection
    })
  }

  // With acks 0 closing the connection is all that a broker can say against a request.
  #watchRefusals(pipeline: Pipeline, connection: Connection): void {
    connection.onClose(() => {
      for (const topic of pipeline.unanswered) this.#cluster.invalidate(topic)
      pipeline.unanswered.clear()
    })
  }

  async #post(pipeline: Pipeline, connection: Connection, shipments: readonly Shipment[]): Promise<void> {
    for (const { lane } of shipments) pipeline.unanswered.add(lane.topic)
    await connection.post(produceApi, (version) => produceBody(version, this.#terms, shipments, this.#topicIdOf))
    for (const { lane, batch } of shipments) lane.succeed(batch, -1, -1)
  }

  #request(connection: Connection, shipments: readonly Shipment[]): Promise<ProduceResponse> {
    const withIds = shipments.every(({ lane }) => this.#topicIdOf(lane.topic) !== noTopicId)
    return connection.request(produceApi, (version) => produceBody(version, this.#terms, shipments, this.#topicIdOf), {
      versions: withIds ? {} : { max: firstVersionWithTopicIds - 1 },
    })
  }

  #settle(response: ProduceResponse, from: Asked, shipments: readonly Shipment[]): void {
    const answers = answersTo(response, shipments, this.#topicIdOf)
    for (const [i, shipment] of shipments.entries()) this.#answered(shipment, answers[i], response, from)
  }

  #answered(
    { lane, batch }: Shipment,
    answer: PartitionAnswer | undefined,
    { nodeEndpoints }: ProduceResponse,
    { connection, leader }: Asked,
  ): void {
    const source = { address: connection.address, api: produceApi.name }
    if (answer === undefined) {
      const left = new BrokerError('UNKNOWN_SERVER_ERROR', 'the answer leaves a partition out', source)
      return this.#failed(lane, batch, left)
    }
    if (answer.errorCode === 0) return lane.succeed(batch, answer.baseOffset, answer.logAppendTimeMs)
    const error = errorName(answer.errorCode)
    if (error === 'DUPLICATE_SEQUENCE_NUMBER') return lane.succeed(batch, -1, answer.logAppendTimeMs)
    if (error === 'MESSAGE_TOO_LARGE' && batch.recordCount > 1 && !batch.done) {
      this.#counts.split()
      return lane.split(batch)
    }
    const detail = answer.recordErrors[0]?.batchIndexErrorMessage ?? answer.errorMessage
    const { topic, partition } = lane
    const { currentLeader } = answer
    const atOnce = this.#cluster.refused(error, { topic, partition, refusedBy: leader, currentLeader, nodeEndpoints })
    const errorOf = recordErrorsOf(answer, source)
    this.#failed(lane, batch, responseError(answer.errorCode, detail, source), { atOnce, errorOf })
  }

  #failed(
    lane: PartitionLane,
    batch: Batch,
    error: unknown,
    { sent = true, atOnce = false, errorOf }: Failed = {},
  ): void {
    const nowMs = this.#nowMs()
    if (!this.#mayRetry(lane, batch, error, nowMs)) return lane.fail(batch, error, errorOf)
    if (!atOnce && staleMetadataErrors.has(error.error)) this.#cluster.invalidate(lane.topic)
    this.#log(`a batch of ${lane.topic}-${lane.partition} is sent again`, error)
    batch.failure = error
    const againAtMs = atOnce ? nowMs : nowMs + backoffMs(this.#cluster.settings, batch.attempts)
    lane.retry(batch, againAtMs, sent && unknownOutcomeErrors.has(error.error))
  }

  #mayRetry(lane: PartitionLane, batch: Batch, error: unknown, nowMs: number): error is KafkaError {
    if (!(error instanceof KafkaError)) return false
    if (batch.done || batch.deadlineMs <= nowMs || batch.sends > this.#settings.retries) return false
    // Behind a batch that failed that is how it must be. The first in line with it means that records are lost.
    if (error.error === 'OUT_OF_ORDER_SEQUENCE_NUMBER') return lane.hasGapBefore(batch)
    if (error.error === 'UNKNOWN_PRODUCER_ID') {
      // The broker has forgotten us (its records are gone): the batch was not written, and is the first of an epoch.
      if (batch.state === undefined || batch.maybeWritten) return false
      lane.renumber(error)
      return true
    }
    return mayPass(error)
  }

  #nowMs(): number {
    return this.#cluster.settings.clock.monotonicMs()
  }

  #log(message: string, error: unknown): void {
    this.#cluster.settings.logger.debug(message, { error: errorMessage(error) })
  }
}
