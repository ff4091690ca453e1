import type { EpochStart } from '../checkpoint/leader-epoch-checkpoint.ts'

const unknown = -1

/** Which leader epoch wrote from which offset on; rising in both. */
export class LeaderEpochs {
  #entries: EpochStart[]
  /** Set by every change: the file beside the log must be written. */
  dirty = false

  constructor(entries: readonly EpochStart[] = []) {
    this.#entries = []
    for (const entry of entries) this.assign(entry.epoch, entry.startOffset)
    this.dirty = false
  }

  get entries(): readonly EpochStart[] {
    return this.#entries
  }

  get latest(): number {
    return this.#entries.at(-1)?.epoch ?? unknown
  }

  /** An epoch starts at an offset. Entries that contradict it wrote nothing, or what they wrote was truncated. */
  assign(epoch: number, startOffset: number): void {
    const last = this.#entries.at(-1)
    if (last !== undefined && last.epoch === epoch && startOffset >= last.startOffset) return
    while (this.#contradicts(epoch, startOffset)) this.#entries.pop()
    this.#entries.push({ epoch, startOffset })
    this.dirty = true
  }

  #contradicts(epoch: number, startOffset: number): boolean {
    const last = this.#entries.at(-1)
    return last !== undefined && (last.epoch >= epoch || last.startOffset >= startOffset)
  }

  /** For OffsetForLeaderEpoch: the latest epoch ends at the log's end, an older one where the next begins. */
  endOf(epoch: number, logEndOffset: number): { leaderEpoch: number; endOffset: number } {
    if (epoch === unknown || this.#entries.length === 0) return { leaderEpoch: unknown, endOffset: unknown }
    if (epoch === this.latest) return { leaderEpoch: epoch, endOffset: logEndOffset }
    const next = this.#entries.findIndex((entry) => entry.epoch > epoch)
    const after = this.#entries[next]
    if (after === undefined) return { leaderEpoch: unknown, endOffset: unknown }
    const floor = this.#entries[next - 1]
    return { leaderEpoch: floor?.epoch ?? epoch, endOffset: after.startOffset }
  }

  /** The epoch that wrote `offset`; -1 where it isn't known. */
  epochAt(offset: number): number {
    return this.#entries.findLast((entry) => entry.startOffset <= offset)?.epoch ?? unknown
  }

  /** The log now ends at `endOffset`. */
  truncateFromEnd(endOffset: number): void {
    while ((this.#entries.at(-1)?.startOffset ?? -1) >= endOffset) {
      this.#entries.pop()
      this.dirty = true
    }
  }

  /** The log now starts at `startOffset`: the epoch that wrote it starts there, those before are gone. */
  truncateFromStart(startOffset: number): void {
    const covering = this.#entries.findLastIndex((entry) => entry.startOffset <= startOffset)
    const entry = this.#entries[covering]
    if (entry === undefined || (covering === 0 && entry.startOffset === startOffset)) return
    this.#entries = [{ epoch: entry.epoch, startOffset }, ...this.#entries.slice(covering + 1)]
    this.dirty = true
  }
}
