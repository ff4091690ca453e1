import { ByteBudget } from '@millrace/kernel'
import { KafkaError } from '@millrace/protocol'
import type { CallOptions } from '../client-options.ts'
import { abortable } from '../cluster/abort.ts'
import { Cluster } from '../cluster/cluster.ts'
import { ClientClosedError } from '../errors/client-errors.ts'
import type { RecordMetadata } from '../record.ts'
import type { SerializerTable } from '../serde/serdes-of-topic.ts'
import type { AnyTopics, RecordToSend, TopicTypes } from '../serde/topic-types.ts'
import type { Completion } from './completion.ts'
import { GroupSend, SingleSend } from './completion.ts'
import type { CloseOptions, ProducerApi, ProducerOptions } from './producer-api.ts'
import type { ProducerSettings } from './producer-settings.ts'
import { producerSettings } from './producer-settings.ts'
import type { AnyRecord } from './record-draft.ts'
import { RecordDraft } from './record-draft.ts'
import { recordSink } from './record-sink.ts'
import { Sender } from './sender.ts'
import { TopicWriter } from './topic-writer.ts'
import type { Entry } from './waiting-room.ts'
import { WaitingRoom } from './waiting-room.ts'

/**
 * Writes records. Connects on first use; batches by partition, with idempotence and `acks: 'all'` unless told
 * otherwise, and rides out what may pass until `deliveryTimeoutMs`.
 *
 * @example
 * await using producer = new Producer({ bootstrapServers: 'localhost:9092' })
 * const { partition, offset } = await producer.send({ topic: 'orders', key: 'k', value: 'v', headers: { a: 'b' } })
 */
export class Producer<T extends TopicTypes<T> = AnyTopics> implements ProducerApi<T> {
  readonly #cluster: Cluster
  readonly #settings: ProducerSettings
  readonly #serializers: SerializerTable | undefined
  readonly #sender: Sender
  readonly #memory: ByteBudget
  readonly #waiting: WaitingRoom
  readonly #topics = new Map<string, TopicWriter>()
  /** Undefined while a record is being filled in: the caller's code may send another meanwhile. */
  #draft: RecordDraft | undefined = new RecordDraft()
  #flushing = 0
  #closing: Promise<void> | undefined

  constructor(options: ProducerOptions<T>) {
    this.#settings = producerSettings(options)
    this.#serializers = options.serializers
    this.#cluster = new Cluster(options)
    this.#memory = new ByteBudget(this.#settings.bufferBytes)
    this.#waiting = new WaitingRoom(this.#memory, { ...this.#cluster.settings, ...this.#settings }, (entry) =>
      this.#append(entry.topic, entry.draft, entry.completion, entry.index),
    )
    this.#sender = new Sender(this.#cluster, this.#settings)
    this.#sender.hurry = () => this.#flushing > 0 || this.#memory.waiting > 0
  }

  send(record: RecordToSend<T>, options?: CallOptions): Promise<RecordMetadata>
  send(records: readonly RecordToSend<T>[], options?: CallOptions): Promise<RecordMetadata[]>
  send(given: AnyRecord | readonly AnyRecord[], options?: CallOptions): Promise<RecordMetadata | RecordMetadata[]> {
    if (this.#closing !== undefined) return Promise.reject(new ClientClosedError('the producer is closed'))
    const signal = options?.signal
    if (signal?.aborted === true) return Promise.reject(signal.reason)
    if (isMany(given)) {
      const group = new GroupSend(given.length)
      const entries = given.map((record, i) => this.#enter(record, group, i))
      return signal === undefined ? group.promise : this.#abortable(group.promise, signal, entries)
    }
    const single = new SingleSend()
    const entry = this.#enter(given, single, 0)
    return signal === undefined ? single.promise : this.#abortable(single.promise, signal, [entry])
  }

  trySend(record: RecordToSend<T>): Promise<RecordMetadata> | undefined {
    if (this.#closing !== undefined) return Promise.reject(new ClientClosedError('the producer is closed'))
    const single = new SingleSend()
    return this.#enter(record, single, 0, false) === noRoom ? undefined : single.promise
  }

  writable(): WritableStream<RecordToSend<T> | readonly RecordToSend<T>[]> {
    return recordSink({
      enter: (record, completion) => {
        if (this.#closing !== undefined) throw new ClientClosedError('the producer is closed')
        const entry = this.#enter(record, completion, 0)
        return typeof entry === 'object' ? entry.whenOver() : undefined
      },
      flush: () => this.flush(),
    })
  }

  async flush(options: CallOptions = {}): Promise<void> {
    this.#flushing += 1
    try {
      await abortable(this.#settled(), options.signal)
    } finally {
      this.#flushing -= 1
    }
  }

  close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options)
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close({ timeoutMs, ...options }: CloseOptions): Promise<void> {
    const giveUp = (): void => this.#giveUp()
    const timer = timeoutMs === undefined ? undefined : this.#cluster.settings.clock.setTimer(timeoutMs, giveUp)
    try {
      await this.flush(options)
    } finally {
      timer?.cancel()
      this.#giveUp()
      this.#cluster.close()
    }
  }

  /** Fails all that isn't answered. */
  #giveUp(): void {
    const closed = new ClientClosedError('the producer is closed')
    this.#waiting.close(closed)
    this.#sender.close(closed)
  }

  /** Puts a record into its batch. The entry where it has to wait for that. */
  #enter(record: AnyRecord, completion: Completion, index: number, mayWait = true): Entered {
    const draft = this.#draft ?? new RecordDraft()
    this.#draft = undefined
    try {
      const topic = this.#topic(record.topic)
      draft.set(record, topic.key, topic.value, this.#cluster.settings.clock.wallMs())
      if (draft.sizeBytesMax > this.#settings.requestBytesMax) throw tooLarge(draft, this.#settings)
      return this.#place(topic, draft, completion, index, mayWait)
    } catch (error) {
      completion.fail(index, error)
      return undefined
    } finally {
      this.#draft = draft
    }
  }

  #place(topic: TopicWriter, draft: RecordDraft, completion: Completion, index: number, mayWait: boolean): Entered {
    const hasMemory = this.#memory.tryTake(draft.sizeBytesMax)
    if (!hasMemory && !mayWait) return noRoom
    if (hasMemory && !this.#waiting.hasLine(topic) && topic.canPlace(draft)) {
      this.#append(topic, draft, completion, index)
      return undefined
    }
    const entry = this.#waiting.add(topic, draft.copy(), completion, index, hasMemory)
    // What lingers would hold the memory that we wait for.
    if (!hasMemory) this.#sender.schedule()
    return entry
  }

  #append(topic: TopicWriter, draft: RecordDraft, completion: Completion, index: number): void {
    try {
      const { image } = topic
      if (image === undefined) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `no metadata of ${topic.name}`)
      const lane = topic.laneFor(draft, image, this.#sender)
      if (lane.tryAppend(draft, completion, index)) return
      const batch = lane.begin(this.#cluster.settings.clock.monotonicMs(), draft.sizeBytesMax)
      batch.whenDone(() => this.#memory.give(batch.grantedBytes))
      lane.tryAppend(draft, completion, index)
    } catch (error) {
      this.#memory.give(draft.sizeBytesMax)
      completion.fail(index, error)
    }
  }

  #topic(name: string): TopicWriter {
    let topic = this.#topics.get(name)
    if (topic === undefined) {
      if (typeof name !== 'string' || name === '') throw new TypeError('topic is missing, expected its name')
      topic = new TopicWriter(name, this.#cluster, this.#settings, this.#serializers)
      this.#topics.set(name, topic)
    }
    return topic
  }

  // What is in a batch may be on its way: only what still waits is taken back.
  #abortable<R>(sent: Promise<R>, signal: AbortSignal, entered: readonly Entered[]): Promise<R> {
    const entries = entered.filter((entry) => typeof entry === 'object')
    if (entries.length === 0) return abortable(sent, signal)
    const takeBack = (): void => entries.forEach((entry) => this.#waiting.withdraw(entry, signal.reason))
    signal.addEventListener('abort', takeBack, { once: true })
    return abortable(
      sent.finally(() => signal.removeEventListener('abort', takeBack)),
      signal,
    )
  }

  async #settled(): Promise<void> {
    this.#sender.schedule()
    await Promise.all(Array.from(this.#waiting.entries, (entry) => entry.whenOver()))
    this.#sender.schedule()
    await Promise.all(
      Array.from(this.#sender.unfinished, (batch) => new Promise<void>((resolve) => batch.whenDone(resolve))),
    )
  }
}

/** What became of a record that was to enter: it waits, it found no room, or it is in (or has failed). */
type Entered = Entry | typeof noRoom | undefined
const noRoom = 'no room'

const isMany = (given: AnyRecord | readonly AnyRecord[]): given is readonly AnyRecord[] => Array.isArray(given)

function tooLarge(draft: RecordDraft, settings: ProducerSettings): KafkaError {
  const what = `a record of ${draft.sizeBytesMax} bytes for ${draft.topic}`
  return new KafkaError(
    'MESSAGE_TOO_LARGE',
    `MESSAGE_TOO_LARGE: ${what}, maxRequestSize is ${settings.requestBytesMax}`,
  )
}
