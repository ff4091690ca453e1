import { ByteBudget } from '@millrace/kernel'
import { KafkaError } from '@millrace/protocol'
import type { CallOptions } from '../client-options.ts'
import { abortable } from '../cluster/abort.ts'
import { Cluster } from '../cluster/cluster.ts'
import type { TopicImage } from '../cluster/cluster-image.ts'
import { ClientClosedError } from '../errors/client-errors.ts'
import type { RecordMetadata } from '../record.ts'
import type { SerializerTable } from '../serde/serdes-of-topic.ts'
import type { AnyTopics, RecordToSend, TopicTypes } from '../serde/topic-types.ts'
import type { Batch, Completion } from './batch.ts'
import { Group, single } from './completions.ts'
import { PartitionLane } from './partition-lane.ts'
import { Partitioner } from './partitioner.ts'
import type { ProducerApi, ProducerOptions } from './producer-api.ts'
import type { ProducerSettings } from './producer-settings.ts'
import { producerSettings } from './producer-settings.ts'
import { Sender } from './sender.ts'
import type { AnyRecord, SerializedRecord } from './serialize.ts'
import { serialize } from './serialize.ts'
import { TopicIntake } from './topic-intake.ts'

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
  readonly #sender: Sender
  readonly #partitioner: Partitioner
  readonly #memory: ByteBudget
  readonly #intakes = new Map<string, TopicIntake>()
  readonly #lanes = new Map<string, PartitionLane[]>()
  readonly #unfinished = new Set<Batch>()
  readonly #serializers: SerializerTable | undefined
  #entering = 0
  #enteredListeners: (() => void)[] = []
  #flushing = 0
  #closing: Promise<void> | undefined

  constructor(options: ProducerOptions<T>) {
    this.#settings = producerSettings(options)
    this.#serializers = options.serializers
    this.#cluster = new Cluster(options)
    this.#memory = new ByteBudget(this.#settings.bufferBytes)
    this.#partitioner = new Partitioner(options.partitioner, this.#settings.batchBytes)
    this.#sender = new Sender(this.#cluster, this.#settings)
    this.#sender.hurry = () => this.#flushing > 0 || this.#memory.waiting > 0
  }

  send(record: RecordToSend<T>, options?: CallOptions): Promise<RecordMetadata>
  send(records: readonly RecordToSend<T>[], options?: CallOptions): Promise<RecordMetadata[]>
  send(given: AnyRecord | readonly AnyRecord[], options: CallOptions = {}): Promise<RecordMetadata | RecordMetadata[]> {
    if (this.#closing !== undefined) return Promise.reject(new ClientClosedError('the producer is closed'))
    if (options.signal?.aborted === true) return Promise.reject(options.signal.reason)
    const sent = isMany(given) ? this.#sendMany(given) : this.#sendOne(given)
    return abortable<RecordMetadata | RecordMetadata[]>(sent, options.signal)
  }

  async flush(options: CallOptions = {}): Promise<void> {
    this.#flushing += 1
    try {
      await abortable(this.#settled(), options.signal)
    } finally {
      this.#flushing -= 1
    }
  }

  close(options: CallOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options)
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(options: CallOptions): Promise<void> {
    try {
      await this.flush(options)
    } finally {
      this.#sender.close(new ClientClosedError('the producer is closed'))
      this.#cluster.close()
    }
  }

  #sendOne(record: AnyRecord): Promise<RecordMetadata> {
    return new Promise((resolve, reject) => this.#enter(record, single(record.topic, resolve, reject)))
  }

  #sendMany(records: readonly AnyRecord[]): Promise<RecordMetadata[]> {
    return new Promise((resolve, reject) => {
      const group = new Group(records.length, resolve, reject)
      for (const [i, record] of records.entries()) this.#enter(record, group.member(i, record.topic))
    })
  }

  #enter(given: AnyRecord, completion: Completion): void {
    const record = serialize(given, this.#cluster.settings.clock.wallMs(), this.#serializers)
    if (record.sizeBytesMax > this.#settings.requestBytesMax) return completion.fail(tooLarge(record, this.#settings))
    this.#entering += 1
    this.#intake(record.topic).enter(
      (topic) => this.#takeMemory(record, topic, completion),
      (error) => {
        this.#entered()
        completion.fail(error)
      },
    )
  }

  #intake(name: string): TopicIntake {
    let intake = this.#intakes.get(name)
    if (intake === undefined) {
      intake = new TopicIntake(
        () => this.#cluster.image.topics.get(name),
        () =>
          this.#cluster.topic(name, {
            signal: this.#cluster.closing,
            timeoutMs: this.#settings.maxBlockMs,
            create: this.#settings.createTopics,
          }),
      )
      this.#intakes.set(name, intake)
    }
    return intake
  }

  // Memory is granted in the order of the calls, so records of a partition stay in order whoever waits.
  #takeMemory(record: SerializedRecord, topic: TopicImage, completion: Completion): void {
    if (this.#memory.tryTake(record.sizeBytesMax)) return this.#append(record, topic, completion)
    const { clock } = this.#cluster.settings
    const timer = clock.setTimer(this.#settings.maxBlockMs, () => {
      giveUp()
      this.#entered()
      completion.fail(noMemory(record, this.#settings))
    })
    const giveUp = this.#memory.take(record.sizeBytesMax, () => {
      timer.cancel()
      this.#append(record, topic, completion)
    })
    // What lingers would hold the memory that we wait for.
    this.#sender.schedule()
  }

  #append(record: SerializedRecord, topic: TopicImage, completion: Completion): void {
    try {
      const partition = this.#partitioner.choose(record, topic, (each) => this.#queuedBytes(topic.name, each))
      const lane = this.#lane(topic.name, partition)
      const begun = lane.append(record, completion, this.#cluster.settings.clock.monotonicMs())
      if (begun !== undefined) this.#watch(begun)
      this.#sender.woken(lane)
    } catch (error) {
      this.#memory.give(record.sizeBytesMax)
      completion.fail(error)
    } finally {
      this.#entered()
    }
  }

  #watch(batch: Batch): void {
    this.#unfinished.add(batch)
    batch.whenDone(() => {
      this.#unfinished.delete(batch)
      this.#memory.give(batch.grantedBytes)
    })
  }

  #queuedBytes(topic: string, partition: number): number {
    return this.#lanes.get(topic)?.[partition]?.queuedBytes ?? 0
  }

  #lane(topic: string, partition: number): PartitionLane {
    let lanes = this.#lanes.get(topic)
    if (lanes === undefined) {
      lanes = []
      this.#lanes.set(topic, lanes)
    }
    return (lanes[partition] ??= new PartitionLane(topic, partition, this.#settings))
  }

  #entered(): void {
    this.#entering -= 1
    if (this.#entering > 0) return
    for (const listener of this.#enteredListeners.splice(0)) listener()
  }

  // Those that wait for metadata or memory have no batch yet; both end within their own time.
  async #settled(): Promise<void> {
    this.#sender.schedule()
    if (this.#entering > 0) await new Promise<void>((resolve) => this.#enteredListeners.push(resolve))
    this.#sender.schedule()
    await Promise.all([...this.#unfinished].map((batch) => new Promise<void>((resolve) => batch.whenDone(resolve))))
  }
}

const isMany = (given: AnyRecord | readonly AnyRecord[]): given is readonly AnyRecord[] => Array.isArray(given)

function tooLarge(record: SerializedRecord, settings: ProducerSettings): KafkaError {
  const what = `a record of ${record.sizeBytesMax} bytes for ${record.topic}`
  return new KafkaError(
    'MESSAGE_TOO_LARGE',
    `MESSAGE_TOO_LARGE: ${what}, maxRequestSize is ${settings.requestBytesMax}`,
  )
}

function noMemory(record: SerializedRecord, settings: ProducerSettings): KafkaError {
  const waited = `no room for a record of ${record.topic} within ${settings.maxBlockMs} ms (maxBlockMs)`
  return new KafkaError('REQUEST_TIMED_OUT', `REQUEST_TIMED_OUT: ${waited}: bufferMemory is ${settings.bufferBytes}`)
}
