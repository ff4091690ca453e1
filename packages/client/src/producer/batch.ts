import type { ReadRecord } from '@millrace/protocol'
import { advanceSequence, BatchBuilder, compressAside, readRecords, writeProducerState } from '@millrace/protocol'
import type { RecordMetadata } from '../record.ts'
import type { Completion } from './completion.ts'
import type { ProducerSettings } from './producer-settings.ts'
import type { RecordDraft } from './record-draft.ts'
import { Runs } from './runs.ts'
import { WrittenRecord } from './written-record.ts'

/** Which producer writes, and the sequence of a batch's first record. */
export interface ProducerState {
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
}

interface Written {
  readonly topic: string
  readonly partition: number
  readonly baseOffset: number
  readonly logAppendTimeMs: number
}

/** The error of one record, where not all have the same. */
export type ErrorOf = (record: number) => unknown

type Outcome = Written | { readonly error: unknown; readonly errorOf: ErrorOf | undefined }

/** Records beyond this are compressed aside: here it would hold up everything else for milliseconds. */
const compressedAsideFromBytes = 64 * 1024
export const batchHeaderBytes = 61

/** Records of one partition that travel together, from the first that is put in to the answer. */
export class Batch {
  /** Where it stands among the batches of its partition; the parts of one that was split stand between its neighbours. */
  readonly order: number
  readonly createdAtMs: number
  readonly deadlineMs: number
  readonly #builder: BatchBuilder
  #recordCount = 0
  /** Who waits for a record; undefined where that is the promise of `promiseOfLast`. */
  readonly #completions = new Runs<Completion | undefined>()
  /** Of each record that has a completion which of that one's it is. */
  readonly #indexes: number[]
  readonly #timestampsMs = new Runs<number>()
  #answered: PromiseWithResolvers<void> | undefined
  /** The record whose promise is to be settled next. */
  #nextPromised = 0
  #settleNext: (() => RecordMetadata) | undefined
  #outcome: Outcome | undefined
  #bytes: Uint8Array | undefined
  #packed: Uint8Array | undefined
  #packing = false
  #grantedBytes = 0
  #whenDone: (() => void) | undefined
  #done = false
  #orderSpan = 1
  /** What it was split into: they go in its place, and it is done when they are. */
  #parts: readonly [Batch, Batch] | undefined
  /** Undefined until it is first sent by an idempotent producer. */
  state: ProducerState | undefined
  /** How often it was taken to be sent. */
  attempts = 0
  /** How often it went out: there may be no connection for it. */
  sends = 0
  retryAtMs = 0
  /** Why it had to be sent again, the last time. */
  failure: unknown
  /** Whether a broker may have written it without our knowing: it was sent and the answer never came. */
  maybeWritten = false

  /** `indexes` is an array to use; what is in it is arbitrary. */
  constructor(
    order: number,
    createdAtMs: number,
    deadlineMs: number,
    memory: number | Uint8Array,
    indexes: number[] = [],
  ) {
    this.order = order
    this.createdAtMs = createdAtMs
    this.deadlineMs = deadlineMs
    this.#builder = new BatchBuilder(memory)
    this.#indexes = indexes
  }

  /** What it is written to, which is also what is sent where it isn't compressed. */
  get memory(): Uint8Array {
    return this.#builder.memory
  }

  /** The array that it was given, of no use to it once it is done. */
  get indexes(): number[] {
    return this.#indexes
  }

  get recordCount(): number {
    return this.#recordCount
  }

  /** Size as it would go out now, uncompressed, or as it did. */
  get sizeBytes(): number {
    return this.#bytes?.length ?? this.#builder.sizeBytes
  }

  /** What it holds of the producer's memory. */
  get grantedBytes(): number {
    return this.#grantedBytes
  }

  /** How many of its records failed, once it is done. */
  get failedCount(): number {
    if (this.#parts !== undefined) return this.#parts[0].failedCount + this.#parts[1].failedCount
    return this.#outcome !== undefined && 'error' in this.#outcome ? this.recordCount : 0
  }

  get done(): boolean {
    return this.#done
  }

  append(draft: RecordDraft, completion: Completion | undefined, index: number): void {
    const { key, keyBytes, value, valueBytes, headers, timestampMs } = draft
    this.#builder.appendSized(key, keyBytes, value, valueBytes, headers, timestampMs)
    this.#note(completion, index, timestampMs)
    this.#grantedBytes += draft.sizeBytesMax
  }

  #note(completion: Completion | undefined, index: number, timestampMs: number): void {
    const record = this.#recordCount
    this.#completions.add(record, completion)
    if (completion !== undefined) this.#indexes[record] = index
    this.#timestampsMs.add(record, timestampMs)
    this.#recordCount = record + 1
  }

  /**
   * The promise of the record that was appended last, without a completion. All of them follow one promise of the batch,
   * in the order of the records, through one function: nothing but the promise itself is made for a record.
   */
  promiseOfLast(): Promise<RecordMetadata> {
    this.#answered ??= Promise.withResolvers()
    this.#settleNext ??= () => this.#outcomeOf(this.#nextRecordPromised())
    return this.#answered.promise.then(this.#settleNext)
  }

  #nextRecordPromised(): number {
    while (this.#completions.at(this.#nextPromised) !== undefined) this.#nextPromised += 1
    this.#nextPromised += 1
    return this.#nextPromised - 1
  }

  /** Whether it has to be compressed aside before it can go; `ready` is called when it has been. */
  mustPack(settings: ProducerSettings, ready: () => void): boolean {
    if (settings.compression === 'none' || this.#packed !== undefined || this.#bytes !== undefined) return false
    if (this.#builder.sizeBytes < compressedAsideFromBytes) return false
    if (!this.#packing) this.#pack(settings, ready)
    return true
  }

  #pack(settings: ProducerSettings, ready: () => void): void {
    this.#packing = true
    compressAside(settings.compression, this.#builder.records, settings.compressionLevel)
      .then((packed) => void (this.#packed = packed))
      // It is whoever waits for the records that it concerns.
      .catch((error: unknown) => this.fail(error))
      .finally(ready)
  }

  /** Its bytes, built the first time; with another producer state than before they are changed in place. */
  encode(settings: ProducerSettings, state: ProducerState | undefined): Uint8Array {
    if (this.#bytes === undefined) {
      const level = settings.compressionLevel === undefined ? {} : { compressionLevel: settings.compressionLevel }
      this.#bytes = this.#builder.build({ compression: settings.compression, ...level, ...state }, this.#packed)
    } else if (state !== undefined && state !== this.state) {
      writeProducerState(this.#bytes, 0, state)
    }
    this.state = state
    return this.#bytes
  }

  /** Two batches of half the records each, for one that is too large for the broker. They keep their sequences. */
  split(): readonly Batch[] {
    const records = [...readRecords(this.#bytes ?? this.#builder.build())]
    const middle = records.length >> 1
    const parts = [this.#part(records, 0, middle), this.#part(records, middle, records.length)] as const
    this.#parts = parts
    const partDone = (): void => {
      if (parts.every((each) => each.done)) this.#end()
    }
    for (const part of parts) part.whenDone(partDone)
    return parts
  }

  /** What of it isn't done: itself, or of what it was split into. */
  pieces(): readonly Batch[] {
    if (this.#done) return []
    return this.#parts === undefined ? [this] : this.#parts.flatMap((part) => part.pieces())
  }

  #part(records: readonly ReadRecord[], start: number, end: number): Batch {
    const span = this.#orderSpan / 2
    const part = new Batch(
      this.order + (start === 0 ? 0 : span),
      this.createdAtMs,
      this.deadlineMs,
      this.sizeBytes >> 1,
    )
    part.#orderSpan = span
    for (let i = start; i < end; i += 1) {
      part.#builder.append(records[i]!)
      part.#note(this.#completions.at(i), this.#indexes[i] ?? 0, this.#timestampsMs.at(i))
    }
    const grantedUpTo = (count: number): number => Math.floor((this.#grantedBytes * count) / records.length)
    part.#grantedBytes = grantedUpTo(end) - grantedUpTo(start)
    if (this.state !== undefined) {
      part.state = { ...this.state, baseSequence: advanceSequence(this.state.baseSequence, start) }
    }
    return part
  }

  /** `baseOffset` is -1 where nobody knows it; the broker's time is -1 where the records keep theirs. */
  succeed(topic: string, partition: number, baseOffset: number, logAppendTimeMs: number): void {
    if (!this.#done) this.#settle({ topic, partition, baseOffset, logAppendTimeMs })
  }

  fail(error: unknown, errorOf?: ErrorOf): void {
    if (!this.#done) this.#settle({ error, errorOf })
  }

  #settle(outcome: Outcome): void {
    this.#outcome = outcome
    for (let i = 0; i < this.#recordCount; i += 1) {
      const completion = this.#completions.at(i)
      if (completion === undefined) continue
      if ('error' in outcome) completion.fail(this.#indexes[i]!, errorAt(outcome, i))
      else completion.succeed(this.#indexes[i]!, this.#metadata(i, outcome))
    }
    if (this.#answered === undefined) this.#completions.clear()
    this.#end()
  }

  /** Throws what the record's promise rejects with. */
  #outcomeOf(record: number): RecordMetadata {
    if (this.#parts !== undefined) {
      const [first, second] = this.#parts
      const { recordCount } = first
      return record < recordCount ? first.#outcomeOf(record) : second.#outcomeOf(record - recordCount)
    }
    const outcome = this.#outcome!
    if ('error' in outcome) throw errorAt(outcome, record)
    return this.#metadata(record, outcome)
  }

  #metadata(record: number, { topic, partition, baseOffset, logAppendTimeMs }: Written): RecordMetadata {
    const offset = baseOffset < 0 ? -1 : baseOffset + record
    const timestamp = logAppendTimeMs >= 0 ? logAppendTimeMs : this.#timestampsMs.at(record)
    return new WrittenRecord(topic, partition, offset, timestamp)
  }

  whenDone(listener: () => void): void {
    if (this.#done) listener()
    else this.#whenDone = both(this.#whenDone, listener)
  }

  #end(): void {
    this.#done = true
    const whenDone = this.#whenDone
    this.#whenDone = undefined
    this.#answered?.resolve()
    whenDone?.()
  }
}

const both = (first: (() => void) | undefined, second: () => void): (() => void) =>
  first === undefined
    ? second
    : () => {
        first()
        second()
      }

const errorAt = ({ error, errorOf }: { error: unknown; errorOf: ErrorOf | undefined }, record: number): unknown =>
  errorOf === undefined ? error : errorOf(record)
