import { ByteBudget } from '@millrace/kernel'
import { KafkaError } from '@millrace/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import type { RecordMetadata } from '../record.ts'
import type { SerializerTable } from '../serde/serdes-of-topic.ts'
import { type Batch, batchHeaderBytes } from './batch.ts'
import { BatchMemory } from './batch-memory.ts'
import type { Completion } from './completion.ts'
import { SingleSend } from './completion.ts'
import type { ProducerMetrics } from './producer-metrics.ts'
import type { ProducerSettings } from './producer-settings.ts'
import type { AnyRecord } from './record-draft.ts'
import { RecordDraft } from './record-draft.ts'
import type { Sender } from './sender.ts'
import { TopicWriter } from './topic-writer.ts'
import type { Entry } from './waiting-room.ts'
import { WaitingRoom } from './waiting-room.ts'

/** Why a record can't go into a batch now: the buffer is full, or it isn't known where it goes. */
type Obstacle = 'no room' | 'no topic'

/** Brings records into their batches: through their serializers, the buffer's bound and their topic's metadata. */
export class Intake {
  readonly #cluster: Cluster
  readonly #settings: ProducerSettings
  readonly #serializers: SerializerTable | undefined
  readonly #sender: Sender
  readonly #memory: ByteBudget
  readonly #batchMemory: BatchMemory
  readonly #topics = new Map<string, TopicWriter>()
  readonly waiting: WaitingRoom<TopicWriter>
  /** Undefined while a record is brought in: the caller's code may send another meanwhile. */
  #draft: RecordDraft | undefined

  constructor(cluster: Cluster, settings: ProducerSettings, serializers: SerializerTable | undefined, sender: Sender) {
    this.#cluster = cluster
    this.#settings = settings
    this.#serializers = serializers
    this.#sender = sender
    this.#memory = new ByteBudget(settings.bufferBytes)
    this.#batchMemory = new BatchMemory(settings.batchBytes + batchHeaderBytes, settings.bufferBytes / 8)
    const terms = { ...cluster.settings, ...settings, failure: () => cluster.metadataFailure }
    this.waiting = new WaitingRoom(this.#memory, terms, (entry) => this.#admit(entry))
    cluster.isIdle = (name) => this.#isIdle(name)
  }

  /** Whether somebody waits for memory that what lingers holds. */
  get isFull(): boolean {
    return this.#memory.waiting > 0
  }

  get metrics(): Pick<ProducerMetrics, 'bufferTotalBytes' | 'bufferAvailableBytes' | 'waitingRecords'> {
    return {
      bufferTotalBytes: this.#memory.limitBytes,
      bufferAvailableBytes: this.#memory.freeBytes,
      waitingRecords: this.waiting.count,
    }
  }

  get nowMs(): number {
    return this.#cluster.settings.clock.wallMs()
  }

  /** Rejects where the record can't be sent; `queued` is told of the entry where it has to wait. */
  send(record: AnyRecord, queued?: (entry: Entry<TopicWriter>) => void): Promise<RecordMetadata> {
    return this.#promised(record, (topic, draft, obstacle) => {
      const single = new SingleSend()
      const entry = this.#wait(topic, draft, single, 0, obstacle)
      queued?.(entry)
      return single.promise
    })
  }

  /** Undefined where there is no room now: nothing is sent then. */
  trySend(record: AnyRecord): Promise<RecordMetadata> | undefined {
    return this.#promised(record, (topic, draft, obstacle) => {
      if (obstacle === 'no room') return undefined
      const single = new SingleSend()
      this.#wait(topic, draft, single, 0, obstacle)
      return single.promise
    })
  }

  /** The entry where it has to wait. Whatever is wrong with the record is told to the completion. */
  enter(record: AnyRecord, completion: Completion, index: number, nowMs: number): Entry<TopicWriter> | undefined {
    const draft = this.#takeDraft()
    try {
      const topic = this.#fill(draft, record, nowMs)
      const placed = this.#tryPlace(topic, draft, completion, index)
      return typeof placed === 'string' ? this.#wait(topic, draft, completion, index, placed) : undefined
    } catch (error) {
      completion.fail(index, error)
      return undefined
    } finally {
      this.#draft = draft
    }
  }

  #promised<R>(
    record: AnyRecord,
    otherwise: (topic: TopicWriter, draft: RecordDraft, obstacle: Obstacle) => R,
  ): Promise<RecordMetadata> | R {
    const draft = this.#takeDraft()
    try {
      const topic = this.#fill(draft, record, this.nowMs)
      const placed = this.#tryPlace(topic, draft, undefined, 0)
      return typeof placed === 'string' ? otherwise(topic, draft, placed) : placed.promiseOfLast()
    } catch (error) {
      return Promise.reject<RecordMetadata>(error)
    } finally {
      this.#draft = draft
    }
  }

  #takeDraft(): RecordDraft {
    const draft = this.#draft ?? new RecordDraft()
    this.#draft = undefined
    return draft
  }

  #fill(draft: RecordDraft, record: AnyRecord, nowMs: number): TopicWriter {
    const topic = this.#topic(record.topic)
    draft.set(record, topic.key, topic.value, nowMs)
    if (draft.sizeBytesMax > this.#settings.requestBytesMax) throw tooLarge(draft, this.#settings)
    return topic
  }

  #tryPlace(
    topic: TopicWriter,
    draft: RecordDraft,
    completion: Completion | undefined,
    index: number,
  ): Batch | Obstacle {
    if (!this.#memory.tryTake(draft.sizeBytesMax)) return 'no room'
    if (this.waiting.hasLine(topic) || !topic.canPlace(draft)) return 'no topic'
    return this.#append(topic, draft, completion, index)
  }

  #wait(
    topic: TopicWriter,
    draft: RecordDraft,
    completion: Completion,
    index: number,
    obstacle: Obstacle,
  ): Entry<TopicWriter> {
    const entry = this.waiting.add(topic, draft.copy(), completion, index, obstacle !== 'no room')
    // What lingers would hold the memory that we wait for.
    if (obstacle === 'no room') this.#sender.schedule()
    return entry
  }

  #admit({ topic, draft, completion, index }: Entry<TopicWriter>): void {
    try {
      this.#append(topic, draft, completion, index)
    } catch (error) {
      completion.fail(index, error)
    }
  }

  // Its memory is taken; if it can't be placed that is given back.
  #append(topic: TopicWriter, draft: RecordDraft, completion: Completion | undefined, index: number): Batch {
    try {
      const { image } = topic
      if (image === undefined) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `no metadata of ${topic.name}`)
      const lane = topic.laneFor(draft, image, this.#sender)
      const open = lane.tryAppend(draft, completion, index)
      if (open !== undefined) return open
      topic.usedAtMs = this.#cluster.settings.clock.monotonicMs()
      const batch = lane.begin(topic.usedAtMs, draft.sizeBytesMax)
      batch.whenDone(() => this.#memory.give(batch.grantedBytes))
      lane.tryAppend(draft, completion, index)
      return batch
    } catch (error) {
      this.#memory.give(draft.sizeBytesMax)
      throw error
    }
  }

  // KIP-526: its lanes and their sequences are kept, only what is known of it isn't.
  #isIdle(name: string): boolean {
    const usedAtMs = this.#topics.get(name)?.usedAtMs ?? Infinity
    return this.#cluster.settings.clock.monotonicMs() - usedAtMs > this.#settings.metadataMaxIdleMs
  }

  #topic(name: string): TopicWriter {
    let topic = this.#topics.get(name)
    if (topic === undefined) {
      if (typeof name !== 'string' || name === '') throw new TypeError('topic is missing, expected its name')
      topic = new TopicWriter(name, this.#cluster, this.#settings, this.#batchMemory, this.#serializers)
      this.#topics.set(name, topic)
    }
    return topic
  }
}

function tooLarge(draft: RecordDraft, settings: ProducerSettings): KafkaError {
  const what = `a record of ${draft.sizeBytesMax} bytes for ${draft.topic}`
  return new KafkaError(
    'MESSAGE_TOO_LARGE',
    `MESSAGE_TOO_LARGE: ${what}, maxRequestSize is ${settings.requestBytesMax}`,
  )
}
