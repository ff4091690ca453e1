import type { Connection } from '@millrace/connection'
import { BrokerError, responseError } from '@millrace/connection'
import type { Timer } from '@millrace/kernel'
import { errorMessage } from '@millrace/kernel'
import type { ErrorName, ProduceResponse } from '@millrace/protocol'
import { errorName, initProducerIdApi, KafkaError, produceApi } from '@millrace/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import { throwOnError } from '../cluster/cluster.ts'
import { backoffMs, retry } from '../cluster/retry.ts'
import type { Batch } from './batch.ts'
import type { PartitionLane, ProducerIdentity } from './partition-lane.ts'
import { staleMetadataErrors, unknownOutcomeErrors } from './produce-errors.ts'
import type { ProducerSettings } from './producer-settings.ts'

interface Shipment {
  readonly lane: PartitionLane
  readonly batch: Batch
  readonly bytes: Uint8Array
}

/** Errors that pass here though Kafka doesn't call them so: what is known of the cluster is out of date. */
const retriableHere = new Set<ErrorName>(['UNKNOWN_TOPIC_ID', 'INCONSISTENT_TOPIC_ID', 'BROKER_NOT_AVAILABLE'])

const noTopicId = 'AAAAAAAAAAAAAAAAAAAAAA'
/** From here on Produce names topics by id. */
const firstWithTopicIds = 13

/**
 * Sends what waits in the lanes: one batch of each partition in a request, a bounded number of requests to each broker
 * at a time, and again what may succeed later.
 */
export class Sender {
  readonly #cluster: Cluster
  readonly #settings: ProducerSettings
  readonly #active = new Set<PartitionLane>()
  readonly #inFlight = new Map<number, number>()
  readonly #lookAgainAtMs = new Map<string, number>()
  #identity: ProducerIdentity | undefined
  #askingIdentity = false
  #timer: Timer | undefined
  #timerAtMs = Infinity
  #scheduled = false
  #closed = false
  /** While set, nothing lingers: somebody flushes, or waits for memory. */
  hurry: () => boolean = () => false

  constructor(cluster: Cluster, settings: ProducerSettings) {
    this.#cluster = cluster
    this.#settings = settings
  }

  /** A record was added to this lane. */
  woken(lane: PartitionLane): void {
    this.#active.add(lane)
    if (lane.hasClosed || this.#settings.lingerMs === 0 || this.hurry()) this.schedule()
    else this.#wakeAt(lane.lingerUntilMs)
  }

  /** Looks for something to send when this turn's work is done. */
  schedule(): void {
    if (this.#scheduled || this.#closed) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      this.#pump()
    })
  }

  /** Fails all that is left. */
  close(error: unknown): void {
    this.#closed = true
    this.#timer?.cancel()
    for (const lane of this.#active) lane.failAll(error)
    this.#active.clear()
  }

  #nowMs(): number {
    return this.#cluster.settings.clock.monotonicMs()
  }

  #pump(): void {
    if (this.#closed) return
    this.#cluster.refreshWhenOld()
    const ready = this.#readyByLeader(this.#nowMs())
    if (ready.size === 0) return
    if (this.#settings.idempotent && this.#identity === undefined) return this.#askIdentity()
    for (const [leader, lanes] of ready) this.#fillPipeline(leader, lanes)
  }

  #readyByLeader(nowMs: number): Map<number, PartitionLane[]> {
    const hurry = this.hurry()
    const ready = new Map<number, PartitionLane[]>()
    for (const lane of this.#active) {
      if (lane.idle) this.#active.delete(lane)
      else if (this.#isReady(lane, nowMs, hurry)) this.#addToLeader(lane, ready)
    }
    return ready
  }

  #isReady(lane: PartitionLane, nowMs: number, hurry: boolean): boolean {
    if (hurry || lane.lingerUntilMs <= nowMs) lane.close()
    else this.#wakeAt(lane.lingerUntilMs)
    lane.expire(nowMs, (batch) => this.#expired(lane, batch, nowMs))
    const head = lane.head()
    if (head === undefined) return false
    // Whatever holds it up, it ends at its deadline.
    this.#wakeAt(head.deadlineMs)
    if (head.retryAtMs <= nowMs) return true
    this.#wakeAt(head.retryAtMs)
    return false
  }

  #addToLeader(lane: PartitionLane, ready: Map<number, PartitionLane[]>): void {
    const leader = this.#cluster.knownTopic(lane.topic)?.partitions[lane.partition]?.leader ?? -1
    if (leader < 0 || !this.#cluster.image.brokers.has(leader)) return this.#findLeader(lane)
    const lanes = ready.get(leader)
    if (lanes === undefined) ready.set(leader, [lane])
    else lanes.push(lane)
  }

  #findLeader(lane: PartitionLane): void {
    const { topic } = lane
    const againAtMs = this.#lookAgainAtMs.get(topic) ?? 0
    // Not over and over: an election takes its time.
    if (againAtMs > this.#nowMs()) return this.#wakeAt(againAtMs)
    this.#lookAgainAtMs.set(topic, this.#nowMs() + this.#cluster.settings.retryBackoffMs)
    this.#cluster
      .refresh([topic], this.#cluster.closing)
      .catch((error: unknown) => this.#log('metadata could not be refreshed', error))
      .finally(() => this.schedule())
      .catch((error: unknown) => this.#log('the producer could not go on', error))
  }

  #fillPipeline(leader: number, lanes: readonly PartitionLane[]): void {
    while ((this.#inFlight.get(leader) ?? 0) < this.#settings.inFlightMax) {
      const shipments = this.#collect(lanes)
      if (shipments.length === 0) return
      this.#inFlight.set(leader, (this.#inFlight.get(leader) ?? 0) + 1)
      void this.#ship(leader, shipments)
    }
  }

  // One batch of each partition; the first always goes, the others as long as the request stays within its bound.
  #collect(lanes: readonly PartitionLane[]): Shipment[] {
    const shipments: Shipment[] = []
    let sizeBytes = 0
    for (const lane of lanes) {
      const head = lane.head()
      if (head === undefined || head.retryAtMs > this.#nowMs()) continue
      if (shipments.length > 0 && sizeBytes + head.sizeBytes > this.#settings.requestBytesMax) continue
      const taken = lane.take(this.#settings.idempotent ? this.#identity : undefined)
      if (taken === undefined) continue
      sizeBytes += taken.bytes.length
      shipments.push({ lane, ...taken })
    }
    return shipments
  }

  async #ship(leader: number, shipments: readonly Shipment[]): Promise<void> {
    try {
      const connection = await this.#cluster.connection(leader, 'main', this.#cluster.closing)
      if (this.#settings.acks === 0) await this.#post(connection, shipments)
      else this.#settle(await this.#request(connection, shipments), connection, shipments)
    } catch (error) {
      this.#failShipments(shipments, error)
    } finally {
      this.#inFlight.set(leader, (this.#inFlight.get(leader) ?? 1) - 1)
      this.schedule()
    }
  }

  async #post(connection: Connection, shipments: readonly Shipment[]): Promise<void> {
    const body = (version: number) => this.#body(version, shipments)
    await connection.post(produceApi, body)
    for (const { lane, batch } of shipments) lane.succeed(batch, -1, -1)
  }

  #request(connection: Connection, shipments: readonly Shipment[]): Promise<ProduceResponse> {
    const withIds = shipments.every(({ lane }) => this.#topicId(lane.topic) !== noTopicId)
    return connection.request(produceApi, (version) => this.#body(version, shipments), {
      versions: withIds ? {} : { max: firstWithTopicIds - 1 },
    })
  }

  #topicId(topic: string): string {
    return this.#cluster.image.topics.get(topic)?.topicId ?? noTopicId
  }

  #body(version: number, shipments: readonly Shipment[]) {
    const topics = new Map<string, { index: number; records: Uint8Array }[]>()
    for (const { lane, bytes } of shipments) {
      const partitions = topics.get(lane.topic)
      const partition = { index: lane.partition, records: bytes }
      if (partitions === undefined) topics.set(lane.topic, [partition])
      else partitions.push(partition)
    }
    return {
      acks: this.#settings.acks,
      timeoutMs: this.#cluster.settings.requestTimeoutMs,
      topicData: Array.from(topics, ([name, partitionData]) =>
        version >= firstWithTopicIds ? { topicId: this.#topicId(name), partitionData } : { name, partitionData },
      ),
    }
  }

  #settle(response: ProduceResponse, connection: Connection, shipments: readonly Shipment[]): void {
    const answers = new Map<string, ProduceResponse['responses'][number]['partitionResponses'][number]>()
    for (const { name, topicId, partitionResponses } of response.responses) {
      for (const each of partitionResponses) answers.set(`${name === '' ? topicId : name} ${each.index}`, each)
    }
    const source = { address: connection.address, api: produceApi.name }
    for (const { lane, batch } of shipments) {
      const answer =
        answers.get(`${lane.topic} ${lane.partition}`) ?? answers.get(`${this.#topicId(lane.topic)} ${lane.partition}`)
      if (answer === undefined) {
        this.#failed(lane, batch, new BrokerError('UNKNOWN_SERVER_ERROR', 'the answer leaves a partition out', source))
      } else if (answer.errorCode === 0 || errorName(answer.errorCode) === 'DUPLICATE_SEQUENCE_NUMBER') {
        lane.succeed(batch, answer.errorCode === 0 ? answer.baseOffset : -1, answer.logAppendTimeMs)
      } else {
        const detail = answer.recordErrors[0]?.batchIndexErrorMessage ?? answer.errorMessage
        this.#failed(lane, batch, responseError(answer.errorCode, detail, source))
      }
    }
  }

  #failShipments(shipments: readonly Shipment[], error: unknown): void {
    for (const { lane, batch } of shipments) this.#failed(lane, batch, error)
  }

  #failed(lane: PartitionLane, batch: Batch, error: unknown): void {
    if (batch.done) return
    if (!(error instanceof KafkaError) || this.#settings.acks === 0) return lane.fail(batch, error)
    const nowMs = this.#nowMs()
    if (!this.#mayRetry(lane, batch, error) || batch.deadlineMs <= nowMs) return lane.fail(batch, error)
    if (staleMetadataErrors.has(error.error)) this.#cluster.invalidate(lane.topic)
    this.#log(`a batch of ${lane.topic}-${lane.partition} is sent again`, error)
    lane.retry(batch, nowMs + backoffMs(this.#cluster.settings, batch.attempts), unknownOutcomeErrors.has(error.error))
  }

  #mayRetry(lane: PartitionLane, batch: Batch, kafkaError: KafkaError): boolean {
    const { error } = kafkaError
    // Behind a batch that failed that is how it must be. The first in line with it means that records are lost.
    if (error === 'OUT_OF_ORDER_SEQUENCE_NUMBER') return lane.hasGapBefore(batch)
    if (error === 'UNKNOWN_PRODUCER_ID') {
      // The broker has forgotten us (its records are gone): the batch was not written, and is the first of an epoch.
      if (batch.state === undefined || batch.maybeWritten) return false
      lane.renumber(kafkaError)
      return true
    }
    return kafkaError.retriable || retriableHere.has(error)
  }

  #expired(lane: PartitionLane, batch: Batch, nowMs: number): KafkaError {
    const ageMs = Math.round(nowMs - batch.createdAtMs)
    const what = `${batch.recordCount} records of ${lane.topic}-${lane.partition}`
    return new KafkaError(
      'REQUEST_TIMED_OUT',
      `REQUEST_TIMED_OUT: ${what} were not delivered in ${ageMs} ms (deliveryTimeoutMs), after ${batch.attempts} attempts`,
    )
  }

  #askIdentity(): void {
    if (this.#askingIdentity) return
    this.#askingIdentity = true
    this.#initProducerId()
      .then((identity) => (this.#identity = identity))
      .catch((error: unknown) => {
        if (this.#closed) return
        for (const lane of this.#active) lane.failAll(error)
      })
      .finally(() => {
        this.#askingIdentity = false
        this.schedule()
      })
      .catch((error: unknown) => this.#log('the producer could not go on', error))
  }

  #initProducerId(): Promise<ProducerIdentity> {
    const { closing, settings } = this.#cluster
    const ask = async (): Promise<ProducerIdentity> => {
      const connection = await this.#cluster.anyConnection(closing)
      const body = { transactionalId: null, transactionTimeoutMs: 0x7fff_ffff }
      const response = await connection.request(initProducerIdApi, body, { signal: closing })
      throwOnError(response.errorCode, connection, initProducerIdApi.name)
      return { producerId: response.producerId, producerEpoch: response.producerEpoch }
    }
    return retry(settings, ask, { signal: closing, timeoutMs: this.#settings.deliveryTimeoutMs })
  }

  // One timer, for the earliest of all that has a time.
  #wakeAt(atMs: number): void {
    if (this.#closed || atMs >= this.#timerAtMs) return
    this.#timer?.cancel()
    this.#timerAtMs = atMs
    this.#timer = this.#cluster.settings.clock.setTimer(Math.max(0, atMs - this.#nowMs()), () => {
      this.#timerAtMs = Infinity
      this.schedule()
    })
  }

  #log(message: string, error: unknown): void {
    this.#cluster.settings.logger.debug(message, { error: errorMessage(error) })
  }
}
