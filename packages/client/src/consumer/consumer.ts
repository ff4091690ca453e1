import type { CallOptions } from '../client-options.ts'
import type { ClientMetrics } from '../cluster/client-metrics.ts'
import { onAbort } from '../cluster/abort.ts'
import { Cluster } from '../cluster/cluster.ts'
import { ClientClosedError } from '../errors/client-errors.ts'
import type { AnyTopics, RecordRead, TopicTypes } from '../serde/topic-types.ts'
import type { TopicPartition, TopicPartitionOffset } from '../record.ts'
import { ConsumerSpans } from '../telemetry/consumer-spans.ts'
import type {
  ConsumerCloseOptions,
  CommittedPosition,
  ConsumedFrom,
  ConsumerApi,
  ConsumerGroupMetadata,
  ConsumerOptions,
  OffsetCommit,
  PartitionPosition,
  RunOptions,
  StartPosition,
} from './consumer-api.ts'
import { closeConsumer } from './closing.ts'
import type { ConsumerContext } from './consumer-context.ts'
import type { ConsumerMetrics } from './consumer-metrics.ts'
import { ConsumerCounts } from './consumer-metrics.ts'
import { consumerSettings } from './consumer-settings.ts'
import { Fetcher } from './fetch/fetcher.ts'
import { GroupMember } from './group/group-member.ts'
import { Commits } from './offsets/commits.ts'
import { OwnOffsets } from './offsets/own-offsets.ts'
import { lagOf, offsetsBehind, positionOf } from './offsets/positions.ts'
import { seek } from './offsets/seeking.ts'
import { committedOffsets, resolvePositions } from './offsets/start-offsets.ts'
import { Assignments } from './reading/assignments.ts'
import { AwaitedCalls } from './reading/awaited-calls.ts'
import { beginAlone, beginInGroup } from './reading/beginning.ts'
import { deserializing } from './reading/deserialized.ts'
import type { FetchedRecord } from './reading/fetched-record.ts'
import type { PartitionState } from './reading/partition-state.ts'
import { plain } from './reading/partition-state.ts'
import { Partitions } from './reading/partitions.ts'
import type { ReadingContext } from './reading/reader.ts'
import { Readers } from './reading/readers.ts'
import type { Present } from './reading/record-loop.ts'
import { ServeLater } from './reading/serve-later.ts'
import { asThrown } from './reading/thrown-by-program.ts'
import { SubscribedTopics } from './topics.ts'

/**
 * Reads records: `for await (const record of consumer)`. Connects when the loop starts. A record is done when the loop
 * asks for the next one; only what is done is committed.
 *
 * @example
 * await using consumer = new Consumer({ bootstrapServers: 'localhost:9092', groupId: 'g', topics: ['orders'] })
 * for await (const record of consumer) console.log(record.offset, record.value?.toString())
 */
export class Consumer<T extends TopicTypes<T> = AnyTopics> implements ConsumerApi<RecordRead<T>> {
  readonly #context: ConsumerContext
  readonly #topics: SubscribedTopics
  readonly #fetcher: Fetcher
  readonly #offsets: OwnOffsets
  readonly #assignments: Assignments
  readonly #member: GroupMember | undefined
  readonly #stop = new AbortController()
  readonly #calls = new AwaitedCalls()
  #started: Promise<void> | undefined
  readonly #readers: Readers<RecordRead<T>>
  readonly #spans: ConsumerSpans | undefined
  readonly #later = new ServeLater(
    () => this.#readers.serve(),
    (error) => this.#fail(error),
  )
  #closing: Promise<void> | undefined

  constructor(options: ConsumerOptions<T>) {
    const settings = consumerSettings(options)
    const { groupId } = settings
    // What the types say of a topic's records is what its deserializers give.
    const { deserializers, onDeserializationError } = options
    const present = (
      deserializers === undefined ? asFetched : deserializing(deserializers, onDeserializationError)
    ) as Present<RecordRead<T>>
    const cluster = new Cluster(options)
    const { tracing } = options
    this.#spans = tracing && new ConsumerSpans(tracing, cluster.settings.clientId, groupId)
    const partitions = new Partitions()
    this.#context = {
      cluster,
      settings,
      partitions,
      counts: new ConsumerCounts(),
      stop: this.#stop.signal,
      wake: () => this.#wake(),
      fail: (error, stillHolds) => this.#fail(error, stillHolds),
    }
    const reading = { partitions, present, calls: this.#calls, spans: this.#spans, context: this.#reading }
    this.#readers = new Readers(reading)
    this.#topics = new SubscribedTopics(this.#context)
    this.#fetcher = new Fetcher(this.#context)
    const isOurs = (each: TopicPartition): boolean => this.#member === undefined || partitions.get(each) !== undefined
    const { signal: stop } = this.#stop
    const shutOut = (): unknown => (stop.aborted ? stop.reason : this.#member?.shutOut)
    const who = (): GroupMember | undefined => this.#member
    const commits = groupId === undefined ? undefined : new Commits(cluster, groupId, who, isOurs, shutOut)
    this.#offsets = new OwnOffsets(this.#context, commits)
    const leaving = (state: PartitionState): void => this.#readers.leaving(state)
    this.#assignments = new Assignments(this.#context, this.#offsets, options, this.#calls, leaving)
    if (groupId !== undefined && settings.assignment === undefined) {
      this.#member = new GroupMember(this.#context, groupId, this.#topics, this.#assignments)
    }
    if (options.signal !== undefined) this.#closeOn(options.signal)
  }

  // Not with the listener's own option `signal`: Node 24 keeps the last one's consumer for as long as the other signal lives.
  #closeOn(signal: AbortSignal): void {
    if (signal.aborted) return void this.close()
    const forget = onAbort(signal, () => void this.close())
    onAbort(this.#stop.signal, forget)
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<RecordRead<T>, undefined> {
    return this.#readers.loop()
  }

  run(options: RunOptions<RecordRead<T>>): Promise<void> {
    return this.#readers.run(options)
  }

  async commit(records?: ConsumedFrom | readonly ConsumedFrom[], options: CallOptions = {}): Promise<void> {
    if (records === undefined) return this.#offsets.commitAllDone(options.signal)
    const offsets = offsetsBehind(records)
    await this.commitOffsets(offsets, options)
    for (const each of offsets) this.#offsets.doneTo(each, each.offset)
  }

  commitOffsets(offsets: readonly OffsetCommit[], options: CallOptions = {}): Promise<void> {
    if (this.#spans === undefined) return this.#offsets.commit(offsets, options.signal)
    return this.#spans.commit(offsets, () => this.#offsets.commit(offsets, options.signal))
  }

  async committed(
    partitions: readonly TopicPartition[] = this.assignment(),
    options: CallOptions = {},
  ): Promise<CommittedPosition[]> {
    const { cluster, settings } = this.#context
    const found = await committedOffsets(cluster, settings, partitions, this.#until(options.signal))
    return Array.from(found.values(), ({ topic, partition, offset, leaderEpoch }) => ({
      topic,
      partition,
      offset,
      leaderEpoch,
    }))
  }

  async seek(partition: TopicPartition, to: StartPosition, options: CallOptions = {}): Promise<void> {
    this.#stop.signal.throwIfAborted()
    this.#start()
    // Without a group the partitions are ours as soon as they are known.
    if (this.#member === undefined && this.#context.partitions.get(partition) === undefined) await this.#started
    await seek(this.#context, partition, to, options.signal)
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const state of this.#context.partitions.these(partitions)) state.paused = true
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const state of this.#context.partitions.these(partitions)) {
      if (!state.paused) continue
      state.paused = false
      state.hurries = true
    }
    this.#wake()
  }

  assignment(): TopicPartition[] {
    return Array.from(this.#context.partitions, plain)
  }

  positions(): PartitionPosition[] {
    return Array.from(this.#context.partitions, positionOf)
  }

  position(partition: TopicPartition): number | undefined {
    const offset = this.#context.partitions.get(partition)?.position ?? -1
    return offset < 0 ? undefined : offset
  }

  lag(partition: TopicPartition): number | undefined {
    const state = this.#context.partitions.get(partition)
    return state === undefined ? undefined : lagOf(state)
  }

  async offsetsOf(
    partitions: readonly TopicPartition[],
    at: StartPosition,
    options: CallOptions = {},
  ): Promise<TopicPartitionOffset[]> {
    const starts = partitions.map((each) => ({ ...plain(each), start: at }))
    const { cluster, settings } = this.#context
    const found = await resolvePositions(cluster, settings, starts, this.#until(options.signal))
    return found.map(({ topic, partition, offset }) => ({ topic, partition, offset }))
  }

  groupMetadata(): ConsumerGroupMetadata | undefined {
    const { groupId } = this.#context.settings
    if (groupId === undefined) return undefined
    return { groupId, ...(this.#member?.committer ?? { memberId: '', generationId: -1, groupInstanceId: null }) }
  }

  inTraceOf<R>(record: RecordRead<T>, run: () => R): R {
    return this.#spans === undefined ? run() : this.#spans.inTraceOf(record, run)
  }

  enforceRebalance(reason = 'the program asked for it'): void {
    this.#member?.rejoin(reason)
  }

  metrics(): ConsumerMetrics & ClientMetrics {
    return { ...this.#context.cluster.metrics(), ...this.#context.counts.metrics(this.#context) }
  }

  close(options: ConsumerCloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options)
    if (!this.#calls.within) return this.#closing
    this.#background(this.#closing)
    return Promise.resolve()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  readonly #reading: Omit<ReadingContext, 'takeFailure'> = {
    roomMade: () => this.#fetcher.wake(),
    serveLater: (state) => this.#serveLater(state),
    atEnd: () => this.#atEnd(),
    closed: () => this.#stop.signal.aborted,
    start: () => this.#start(),
    cameBack: () => this.#cameBack(),
    settle: () => this.#offsets.commitDone('left'),
    nowMs: () => this.#nowMs(),
    taken: ({ sizeBytes }) => {
      const { counts } = this.#context
      counts.records += 1
      counts.bytes += sizeBytes
    },
  }

  #nowMs(): number {
    return this.#context.cluster.settings.clock.monotonicMs()
  }

  // Of several batches one may still be what it left the group for.
  #cameBack(): void {
    if (this.#member?.isAway !== true) return
    const busyMs = this.#readers.now?.busyForMs(this.#nowMs()) ?? 0
    if (busyMs < this.#context.settings.maxPollIntervalMs) this.#member.comeBack()
  }

  #wake(): void {
    this.#readers.serve()
    this.#fetcher.wake()
  }

  #serveLater(state: PartitionState): void {
    this.#later.after(state, () => (state.unclaimed === undefined ? state.unpacking : this.#offsets.claim(state)))
  }

  #atEnd(): boolean {
    if (!this.#context.settings.stopAtEnd || !this.#assignments.isSettled) return false
    for (const state of this.#context.partitions) if (!state.finished) return false
    return true
  }

  #fail(error: unknown, stillHolds?: () => boolean): void {
    if (!this.#stop.signal.aborted) this.#readers.fail(asThrown(error), stillHolds)
  }

  #start(): void {
    if (this.#started === undefined) {
      const started = this.#begin()
      this.#started = started
      // What failed is tried again by the next loop.
      started.catch(() => (this.#started = undefined))
      this.#background(started)
    } else if (this.#context.partitions.size === 0) this.#member?.start()
  }

  #begin(): Promise<void> {
    const parts = {
      topics: this.#topics,
      assignments: this.#assignments,
      offsets: this.#offsets,
      reader: () => this.#readers.now,
      background: (work: Promise<void>) => this.#background(work),
    }
    return this.#member === undefined
      ? beginAlone(this.#context, parts)
      : beginInGroup(this.#context, parts, this.#member)
  }

  #until(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.#stop.signal : AbortSignal.any([signal, this.#stop.signal])
  }

  #background(work: Promise<void>): void {
    work.catch((error: unknown) => this.#fail(error))
  }

  #close(options: ConsumerCloseOptions): Promise<void> {
    for (const state of this.#context.partitions) state.held = true
    this.#stop.abort(new ClientClosedError('the consumer is closed'))
    const parts = {
      reader: this.#readers.now,
      assignments: this.#assignments,
      offsets: this.#offsets,
      member: this.#member,
      fetcher: this.#fetcher,
    }
    return closeConsumer(this.#context, parts, options)
  }
}

const asFetched = (record: FetchedRecord): FetchedRecord => record
