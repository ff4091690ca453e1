import type { LeaderEpoch, Offset } from '@millrace/kernel'
import { asLeaderEpoch, asOffset } from '@millrace/kernel'
import type { EpochEnd } from '@millrace/machines'

export interface LogRecord {
  readonly epoch: LeaderEpoch
  readonly value: number
}

/** A partition's log as an array, with the start of each leader epoch as Kafka's epoch cache has it. */
export class EpochLog {
  readonly records: LogRecord[] = []
  readonly #starts: { readonly epoch: LeaderEpoch; readonly start: number }[] = []

  get end(): Offset {
    return asOffset(this.records.length)
  }

  /** -1 in an empty log. */
  get lastEpoch(): LeaderEpoch {
    return this.#starts.at(-1)?.epoch ?? asLeaderEpoch(-1)
  }

  startEpoch(epoch: LeaderEpoch): void {
    if (epoch > this.lastEpoch) this.#starts.push({ epoch, start: this.records.length })
  }

  append(records: readonly LogRecord[]): void {
    for (const record of records) {
      this.startEpoch(record.epoch)
      this.records.push(record)
    }
  }

  truncateTo(offset: number): void {
    this.records.length = Math.min(this.records.length, offset)
    while (this.#starts.length > 0 && (this.#starts.at(-1)?.start ?? 0) >= this.records.length) this.#starts.pop()
  }

  /** Kafka's rule of OffsetForLeaderEpoch: the largest epoch up to this one, and where the one after it starts. */
  endOfEpoch(epoch: LeaderEpoch): EpochEnd {
    if (epoch === this.lastEpoch) return { leaderEpoch: epoch, endOffset: this.end }
    const next = this.#starts.findIndex((other) => other.epoch > epoch)
    if (next === -1) return { leaderEpoch: asLeaderEpoch(-1), endOffset: asOffset(-1) }
    const endOffset = asOffset(this.#starts[next]?.start ?? -1)
    return { leaderEpoch: this.#starts[next - 1]?.epoch ?? epoch, endOffset }
  }
}
