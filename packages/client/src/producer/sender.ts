import type { Connection } from '@millrace/connection'
import { BrokerError, responseError } from '@millrace/connection'
import type { Timer } from '@millrace/kernel'
import { errorMessage, Line } from '@millrace/kernel'
import type { ProduceResponse } from '@millrace/protocol'
import { errorName, KafkaError, produceApi } from '@millrace/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import { backoffMs } from '../cluster/retry.ts'
import { TimeoutError } from '../errors/client-errors.ts'
import type { Batch, ErrorOf } from './batch.ts'
import type { LaneListener, PartitionLane, ProducerIdentity } from './partition-lane.ts'
import { mayPass, staleMetadataErrors, unknownOutcomeErrors } from './produce-errors.ts'
import type { PartitionAnswer, ProduceTerms, Shipment } from './produce-request.ts'
import { answersTo, firstVersionWithTopicIds, produceBody } from './produce-request.ts'
import { BatchCounts } from './producer-metrics.ts'
import { askProducerIdentity } from './producer-identity.ts'
import type { ProducerSettings } from './producer-settings.ts'
import { recordErrorsOf } from './record-errors.ts'

const nothing: readonly never[] = []
const noTopicId = 'AAAAAAAAAAAAAAAAAAAAAA'

/** What goes to one broker. */
interface Pipeline {
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

interface Begun {
  readonly batch: Batch
  readonly lane: PartitionLane
}

/**
 * Sends what waits in the lanes: one batch of each partition in a request, a bounded number of requests to each broker
 * at a time, and again what may succeed later.
 */
export class Sender implements LaneListener {
  readonly #cluster: Cluster
  readonly #settings: ProducerSettings
  readonly #terms: ProduceTerms
  /** Open batches and their lanes, those first that linger longest: all linger equally long. */
  readonly #lingering = new Line<Begun>()
  /** Batches that nobody has answered, those first whose time is up first, for the same reason. */
  readonly #unfinished = new Line<Begun>()
  /** Lanes in which something waits to be sent. */
  readonly #ready = new Set<PartitionLane>()
  readonly #pipelines = new Map<number, Pipeline>()
  readonly #lookAgainAtMs = new Map<string, number>()
  readonly #topicIdOf = (topic: string): string => this.#cluster.image.topics.get(topic)?.topicId ?? noTopicId
  readonly counts = new BatchCounts()
  #identity: ProducerIdentity | undefined
  /** One that a partition has no epochs left of; another is asked for while it is the one we have. */
  #usedUpIdentity: ProducerIdentity | undefined
  #identityFailure: unknown
  #askingIdentity = false
  #timer: Timer | undefined
  #timerAtMs = Infinity
  #scheduled = false
  #closed = false
  #requestsInFlight = 0
  /** Whether somebody flushes: nothing lingers then. */
  isFlushing: () => boolean = () => false
  /** Whether somebody waits for memory: nothing lingers then, unless what is on its way gives memory back. */
  isStarved: () => boolean = () => false

  constructor(cluster: Cluster, settings: ProducerSettings) {
    this.#cluster = cluster
    this.#settings = settings
    this.#terms = { acks: settings.acks, timeoutMs: cluster.settings.requestTimeoutMs }
  }

  get unfinished(): readonly Batch[] {
    return Array.from(this.#unfinished, ({ batch }) => batch)
  }

  batchBegun(lane: PartitionLane, batch: Batch): void {
    const begun = { batch, lane }
    const [unfinished, lingering] = [this.#unfinished.add(begun), this.#lingering.add(begun)]
    batch.whenDone(() => {
      this.#unfinished.leave(unfinished)
      this.#lingering.leave(lingering)
      this.counts.done(batch)
    })
    if (this.#settings.lingerMs === 0 || this.#hurries()) this.schedule()
    else this.#wakeAt(batch.createdAtMs + this.#settings.lingerMs)
  }

  batchReady(lane: PartitionLane): void {
    this.#ready.add(lane)
    // Where the broker has all that it may have at a time, its next answer looks for more.
    if (!this.#isFull(this.#leaderOf(lane))) this.schedule()
  }

  #leaderOf(lane: PartitionLane): number {
    return this.#cluster.knownTopic(lane.topic)?.partitions[lane.partition]?.leader ?? -1
  }

  #isFull(leader: number): boolean {
    const pipeline = this.#pipelines.get(leader)
    return pipeline !== undefined && pipeline.inFlight >= this.#settings.inFlightMax
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
    for (const lane of new Set(Array.from(this.#unfinished, (begun) => begun.lane))) lane.failAll(error)
    this.#ready.clear()
  }

  #nowMs(): number {
    return this.#cluster.settings.clock.monotonicMs()
  }

  #pump(): void {
    if (this.#closed) return
    const nowMs = this.#nowMs()
    this.#cluster.refreshWhenOld()
    this.#closeLingered(nowMs)
    this.#expire(nowMs)
    if (this.#ready.size === 0) return
    if (this.#settings.idempotent && this.#identity === this.#usedUpIdentity) return this.#askIdentity()
    for (const [leader, lanes] of this.#readyByLeader(nowMs)) this.#fillPipeline(this.#pipeline(leader), leader, lanes)
  }

  #hurries(): boolean {
    if (this.isFlushing()) return true
    return this.#ready.size === 0 && this.#requestsInFlight === 0 && this.isStarved()
  }

  #closeLingered(nowMs: number): void {
    const hurry = this.#hurries()
    for (let next = this.#lingering.first; next !== undefined; next = this.#lingering.first) {
      const { batch, lane } = next
      const untilMs = batch.createdAtMs + this.#settings.lingerMs
      if (!hurry && untilMs > nowMs) return this.#wakeAt(untilMs)
      this.#lingering.shift()
      lane.closeIfOpen(batch)
    }
  }

  // Whatever holds a batch up, it ends at its deadline.
  #expire(nowMs: number): void {
    // Those that end leave.
    for (let next = this.#unfinished.first; next !== undefined; next = this.#unfinished.first) {
      const { batch, lane } = next
      if (batch.deadlineMs > nowMs) return this.#wakeAt(batch.deadlineMs)
      lane.closeIfOpen(batch)
      for (const piece of batch.pieces()) lane.expire(piece, this.#expired(lane, piece, nowMs))
    }
  }

  #readyByLeader(nowMs: number): Map<number, PartitionLane[]> {
    const ready = new Map<number, PartitionLane[]>()
    for (const lane of this.#ready) {
      const head = lane.head()
      // It comes again when what it waits for has happened.
      if (head === undefined) this.#ready.delete(lane)
      else if (head.retryAtMs > nowMs) this.#wakeAt(head.retryAtMs)
      else this.#addToLeader(lane, ready)
    }
    return ready
  }

  #addToLeader(lane: PartitionLane, ready: Map<number, PartitionLane[]>): void {
    const leader = this.#leaderOf(lane)
    if (leader < 0 || !this.#cluster.image.brokers.has(leader)) return this.#findLeader(lane)
    if (this.#isFull(leader)) return
    const lanes = ready.get(leader)
    if (lanes === undefined) ready.set(leader, [lane])
    else lanes.push(lane)
  }

  #pipeline(leader: number): Pipeline {
    let pipeline = this.#pipelines.get(leader)
    if (pipeline === undefined) {
      pipeline = { inFlight: 0, connection: undefined, unanswered: new Set() }
      this.#pipelines.set(leader, pipeline)
    }
    return pipeline
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

  #fillPipeline(pipeline: Pipeline, leader: number, lanes: readonly PartitionLane[]): void {
    while (pipeline.inFlight < this.#settings.inFlightMax) {
      const shipments = this.#collect(lanes)
      if (shipments.length === 0) return
      pipeline.inFlight += 1
      this.#requestsInFlight += 1
      void this.#ship(pipeline, leader, shipments)
    }
  }

  // One batch of each partition; the first always goes, the others as long as the request stays within its bound.
  #collect(lanes: readonly PartitionLane[]): readonly Shipment[] {
    const nowMs = this.#nowMs()
    let sizeBytes = 0
    return lanes.flatMap((lane) => {
      const head = lane.head()
      if (head === undefined || head.retryAtMs > nowMs) return nothing
      if (sizeBytes > 0 && sizeBytes + head.sizeBytes > this.#settings.requestBytesMax) return nothing
      const shipment = this.#take(lane, nowMs)
      if (shipment === undefined) return nothing
      sizeBytes += shipment.bytes.length
      return shipment
    })
  }

  #take(lane: PartitionLane, nowMs: number): Shipment | undefined {
    const taken = lane.take(this.#settings.idempotent ? this.#identity : undefined)
    if (taken === undefined) {
      if (lane.needsOtherIdThan(this.#identity)) this.#renewIdentity()
      return undefined
    }
    this.counts.sent(taken.batch, taken.bytes.length, nowMs)
    this.#toTheBack(lane)
    return taken
  }

  // Whoever had a turn comes last in the next one.
  #toTheBack(lane: PartitionLane): void {
    this.#ready.delete(lane)
    if (lane.hasClosed) this.#ready.add(lane)
  }

  async #ship(pipeline: Pipeline, leader: number, shipments: readonly Shipment[]): Promise<void> {
    let sent = false
    try {
      const connection = await this.#connection(pipeline, leader)
      sent = true
      for (const { batch } of shipments) batch.sends += 1
      if (this.#settings.acks === 0) await this.#post(pipeline, connection, shipments)
      else this.#settle(await this.#request(connection, shipments), { connection, leader }, shipments)
    } catch (error) {
      for (const { lane, batch } of shipments) this.#failed(lane, batch, error, { sent })
    } finally {
      pipeline.inFlight -= 1
      this.#requestsInFlight -= 1
      for (const { lane } of shipments) if (lane.hasClosed) this.#ready.add(lane)
      this.schedule()
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
      this.counts.split()
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

  #expired(lane: PartitionLane, batch: Batch, nowMs: number): KafkaError {
    const ageMs = Math.round(nowMs - batch.createdAtMs)
    const what = `${batch.recordCount} records of ${lane.topic}-${lane.partition}`
    return new TimeoutError(
      `${what} were not delivered in ${ageMs} ms (deliveryTimeoutMs), after ${batch.attempts} attempts`,
      { cause: batch.failure ?? this.#identityFailure ?? this.#cluster.metadataFailure },
    )
  }

  // Partitions that aren't at their last epoch keep the one that they have.
  #renewIdentity(): void {
    this.#usedUpIdentity = this.#identity
    this.schedule()
  }

  #askIdentity(): void {
    if (this.#askingIdentity) return
    this.#askingIdentity = true
    const onFailure = (error: unknown): void => void (this.#identityFailure = error)
    askProducerIdentity(this.#cluster, this.#settings.deliveryTimeoutMs, onFailure)
      .then((identity) => (this.#identity = identity))
      .catch((error: unknown) => {
        if (this.#closed) return
        for (const lane of this.#ready) lane.failAll(error)
      })
      .finally(() => {
        this.#askingIdentity = false
        this.schedule()
      })
      .catch((error: unknown) => this.#log('the producer could not go on', error))
  }

  // One timer, for the earliest of all that has a time.
  #wakeAt(atMs: number): void {
    if (this.#closed || atMs >= this.#timerAtMs) return
    this.#timer?.cancel()
    this.#timerAtMs = atMs
    const delayMs = Math.max(0, Math.ceil(atMs - this.#nowMs()))
    this.#timer = this.#cluster.settings.clock.setTimer(delayMs, () => {
      this.#timerAtMs = Infinity
      this.schedule()
    })
  }

  #log(message: string, error: unknown): void {
    this.#cluster.settings.logger.debug(message, { error: errorMessage(error) })
  }
}
