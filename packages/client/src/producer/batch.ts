import { BatchBuilder, writeProducerState } from '@millrace/protocol'
import type { ProducerSettings } from './producer-settings.ts'
import type { SerializedRecord } from './serialize.ts'

/** Whoever waits for one record. */
export interface Completion {
  succeed(partition: number, offset: number, timestampMs: number): void
  fail(error: unknown): void
}

/** Which producer writes, and the sequence of a batch's first record. */
export interface ProducerState {
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
}

/** Records of one partition that travel together, from the first that is put in to the answer. */
export class Batch {
  /** Counts the batches of its partition. */
  readonly order: number
  readonly createdAtMs: number
  readonly deadlineMs: number
  readonly #builder: BatchBuilder
  readonly #completions: Completion[] = []
  readonly #timestampsMs: number[] = []
  #bytes: Uint8Array | undefined
  #grantedBytes = 0
  #doneListeners: (() => void)[] = []
  #done = false
  /** Undefined until it is first sent by an idempotent producer. */
  state: ProducerState | undefined
  attempts = 0
  retryAtMs = 0
  /** Whether a broker may have written it without our knowing: it was sent and the answer never came. */
  maybeWritten = false

  constructor(order: number, nowMs: number, settings: ProducerSettings, firstRecordBytes: number) {
    this.order = order
    this.createdAtMs = nowMs
    this.deadlineMs = nowMs + settings.deliveryTimeoutMs
    this.#builder = new BatchBuilder(Math.max(settings.batchBytes, firstRecordBytes + 61))
  }

  get recordCount(): number {
    return this.#completions.length
  }

  /** Size as it would go out now, uncompressed, or as it did. */
  get sizeBytes(): number {
    return this.#bytes?.length ?? this.#builder.sizeBytes
  }

  /** What it holds of the producer's memory. */
  get grantedBytes(): number {
    return this.#grantedBytes
  }

  get done(): boolean {
    return this.#done
  }

  append(record: SerializedRecord, completion: Completion): void {
    this.#builder.append(record)
    this.#completions.push(completion)
    this.#timestampsMs.push(record.timestampMs)
    this.#grantedBytes += record.sizeBytesMax
  }

  /** Its bytes, built the first time; with another producer state than before they are changed in place. */
  encode(settings: ProducerSettings, state: ProducerState | undefined): Uint8Array {
    if (this.#bytes === undefined) {
      this.#bytes = this.#builder.build({
        compression: settings.compression,
        ...(settings.compressionLevel === undefined ? {} : { compressionLevel: settings.compressionLevel }),
        ...state,
      })
    } else if (state !== undefined && state !== this.state) {
      writeProducerState(this.#bytes, 0, state)
    }
    this.state = state
    return this.#bytes
  }

  /** `baseOffset` is -1 where nobody knows it; the broker's time is -1 where the records keep theirs. */
  succeed(partition: number, baseOffset: number, logAppendTimeMs: number): void {
    for (const [i, completion] of this.#completions.entries()) {
      const timestampMs = logAppendTimeMs >= 0 ? logAppendTimeMs : this.#timestampsMs[i]!
      completion.succeed(partition, baseOffset < 0 ? -1 : baseOffset + i, timestampMs)
    }
    this.#end()
  }

  fail(error: unknown): void {
    for (const completion of this.#completions) completion.fail(error)
    this.#end()
  }

  whenDone(listener: () => void): void {
    if (this.#done) listener()
    else this.#doneListeners.push(listener)
  }

  #end(): void {
    this.#done = true
    const listeners = this.#doneListeners
    this.#doneListeners = []
    for (const listener of listeners) listener()
  }
}
