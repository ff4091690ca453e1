import { Alarm, errorMessage, Line } from '@millrace/kernel'
import type { KafkaError } from '@millrace/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import { TimeoutError } from '../errors/client-errors.ts'
import type { Batch } from './batch.ts'
import type { Pipeline } from './delivery.ts'
import { Delivery } from './delivery.ts'
import type { LaneListener, PartitionLane } from './partition-lane.ts'
import type { Shipment } from './produce-request.ts'
import { OwnIdentity } from './producer-identity.ts'
import { BatchCounts } from './producer-metrics.ts'
import type { ProducerSettings } from './producer-settings.ts'

const nothing: readonly never[] = []

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
  /** Open batches and their lanes, those first that linger longest: all linger equally long. */
  readonly #lingering = new Line<Begun>()
  /** Batches that nobody has answered, those first whose time is up first, for the same reason. */
  readonly #unfinished = new Line<Begun>()
  /** Lanes in which something waits to be sent. */
  readonly #ready = new Set<PartitionLane>()
  readonly #pipelines = new Map<number, Pipeline>()
  readonly #lookAgainAtMs = new Map<string, number>()
  readonly counts = new BatchCounts()
  readonly #delivery: Delivery
  readonly #identity: OwnIdentity
  readonly #alarm: Alarm
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
    this.#delivery = new Delivery(cluster, settings, this.counts)
    this.#identity = new OwnIdentity(cluster, settings.deliveryTimeoutMs)
    this.#alarm = new Alarm(cluster.settings.clock, () => this.schedule())
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
    else this.#alarm.ringAt(batch.createdAtMs + this.#settings.lingerMs)
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
    this.#alarm.close()
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
    if (this.#settings.idempotent && this.#identity.isWanted) {
      if (!this.#identity.isAsked) this.#askIdentity()
      return
    }
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
      if (!hurry && untilMs > nowMs) return this.#alarm.ringAt(untilMs)
      this.#lingering.shift()
      lane.closeIfOpen(batch)
    }
  }

  // Whatever holds a batch up, it ends at its deadline.
  #expire(nowMs: number): void {
    for (let next = this.#unfinished.first; next !== undefined; next = this.#unfinished.first) {
      const { batch, lane } = next
      if (batch.deadlineMs > nowMs) return this.#alarm.ringAt(batch.deadlineMs)
      this.#unfinished.shift()
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
      else if (head.retryAtMs > nowMs) this.#alarm.ringAt(head.retryAtMs)
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
    if (againAtMs > this.#nowMs()) return this.#alarm.ringAt(againAtMs)
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
    const taken = lane.take(this.#settings.idempotent ? this.#identity.current : undefined)
    if (taken === undefined) {
      if (lane.needsOtherIdThan(this.#identity.current)) this.#renewIdentity()
      return undefined
    }
    this.counts.sent(taken.batch, taken.bytes.length, nowMs)
    this.#toTheBack(lane)
    return taken
  }

  #renewIdentity(): void {
    this.#identity.renew()
    this.schedule()
  }

  // Whoever had a turn comes last in the next one.
  #toTheBack(lane: PartitionLane): void {
    this.#ready.delete(lane)
    if (lane.hasClosed) this.#ready.add(lane)
  }

  async #ship(pipeline: Pipeline, leader: number, shipments: readonly Shipment[]): Promise<void> {
    try {
      await this.#delivery.ship(pipeline, leader, shipments)
    } finally {
      pipeline.inFlight -= 1
      this.#requestsInFlight -= 1
      for (const { lane } of shipments) if (lane.hasClosed) this.#ready.add(lane)
      this.schedule()
    }
  }

  #askIdentity(): void {
    this.#identity
      .ask()
      .catch((error: unknown) => {
        if (this.#closed) return
        for (const lane of this.#ready) lane.failAll(error)
      })
      .finally(() => this.schedule())
      .catch((error: unknown) => this.#log('the producer could not go on', error))
  }

  #expired(lane: PartitionLane, batch: Batch, nowMs: number): KafkaError {
    const ageMs = Math.round(nowMs - batch.createdAtMs)
    const what = `${batch.recordCount} records of ${lane.topic}-${lane.partition}`
    return new TimeoutError(
      `${what} were not delivered in ${ageMs} ms (deliveryTimeoutMs), after ${batch.attempts} attempts`,
      { cause: batch.failure ?? this.#identity.failure ?? this.#cluster.metadataFailure },
    )
  }

  #log(message: string, error: unknown): void {
    this.#cluster.settings.logger.debug(message, { error: errorMessage(error) })
  }
}
