import type { EpochStart } from '../checkpoint/leader-epoch-checkpoint.ts'

const unknown = -1

/** Which leader epoch wrote from which offset on; rising in both. */
export class LeaderEpochs {
  #entries: readonly EpochStart[] = []
  /** What the file beside the log says. */
  #saved: readonly EpochStart[]

  constructor(entries: readonly EpochStart[] = []) {
    for (const entry of entries) this.assign(entry.epoch, entry.startOffset)
    this.#saved = this.#entries
  }

  /**
   * Whether the file lacks anything about the records before `endOffset`. Epochs that wrote none needn't be in it: the
   * next start leaves them out, and a broker that leads 10,000 idle partitions anew has nothing to write.
   */
  mustSave(endOffset: number): boolean {
    if (this.#saved === this.#entries) return false
    const wrote = ({ startOffset }: EpochStart): boolean => startOffset < endOffset
    const saved = this.#saved.filter(wrote)
    const known = this.#entries.filter(wrote)
    return saved.length !== known.length || known.some((entry, i) => !isSame(entry, saved[i]))
  }

  saved(): void {
    this.#saved = this.#entries
  }

  /** The file is another one, or gone. */
  fileLost(): void {
    this.#saved = []
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
    const stays = (entry: EpochStart): boolean => entry.epoch < epoch && entry.startOffset < startOffset
    this.#entries = [...this.#entries.slice(0, this.#entries.findLastIndex(stays) + 1), { epoch, startOffset }]
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
    if ((this.#entries.at(-1)?.startOffset ?? -1) < endOffset) return
    this.#entries = this.#entries.filter(({ startOffset }) => startOffset < endOffset)
  }

  /** The log now starts at `startOffset`: the epoch that wrote it starts there, those before are gone. */
  truncateFromStart(startOffset: number): void {
    const covering = this.#entries.findLastIndex((entry) => entry.startOffset <= startOffset)
    const entry = this.#entries[covering]
    if (entry === undefined || (covering === 0 && entry.startOffset === startOffset)) return
    this.#entries = [{ epoch: entry.epoch, startOffset }, ...this.#entries.slice(covering + 1)]
  }
}

const isSame = (a: EpochStart, b: EpochStart | undefined): boolean =>
  a.epoch === b?.epoch && a.startOffset === b.startOffset
