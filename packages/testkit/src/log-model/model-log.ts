/** A record as a reader sees it: where it is, and what stands in it. */
export interface ModelRecord {
  readonly offset: number
  readonly key: string
  /** Null is a tombstone; markers say `commit` or `abort`. */
  readonly value: string | null
  readonly timestampMs: number
}

export interface ModelBatch {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly leaderEpoch: number
  readonly records: readonly ModelRecord[]
  readonly appendedAtMs: number
  /** -1 where nobody in particular wrote it. */
  readonly producerId: number
  readonly baseSequence: number
  readonly transactional: boolean
  readonly marker: 'commit' | 'abort' | undefined
}

/** One transaction in the log. It is open while `markerOffset` is undefined. */
export interface ModelTransaction {
  readonly producerId: number
  readonly firstOffset: number
  lastDataOffset: number
  markerOffset: number | undefined
  aborted: boolean
}

/** What a log should be, kept the plain way: every batch that was ever appended and not cut, in one list. */
export class ModelLog {
  batches: ModelBatch[] = []
  /** Records that compaction took away. */
  readonly compacted = new Set<number>()
  start = 0
  end = 0
  highWatermark = 0
  leaderEpoch = 0

  append(batch: ModelBatch): void {
    this.batches = [...this.batches, batch]
    this.end = batch.lastOffset + 1
  }

  truncate(offset: number): void {
    this.batches = this.batches.filter((batch) => batch.lastOffset < offset)
    this.end = Math.min(this.end, Math.max(offset, 0))
    this.start = Math.min(this.start, this.end)
    this.highWatermark = Math.min(this.highWatermark, this.end)
  }

  /** Everything that a reader finds from `from` on. */
  recordsFrom(from: number): ModelRecord[] {
    const at = Math.max(from, this.start)
    return this.batches
      .filter((batch) => batch.lastOffset >= at)
      .flatMap((batch) => batch.records.filter(({ offset }) => offset >= at && !this.compacted.has(offset)))
  }

  batchAt(offset: number): ModelBatch | undefined {
    return this.batches.find((batch) => batch.lastOffset >= offset)
  }

  batchesOf(producerId: number): ModelBatch[] {
    return this.batches.filter((batch) => batch.producerId === producerId && batch.marker === undefined)
  }

  nextSequence(producerId: number): number {
    const last = this.batchesOf(producerId).at(-1)
    return last === undefined ? 0 : last.baseSequence + last.lastOffset - last.baseOffset + 1
  }

  transactions(): ModelTransaction[] {
    const all: ModelTransaction[] = []
    const open = new Map<number, ModelTransaction>()
    for (const { producerId, transactional, marker, baseOffset, lastOffset } of this.batches) {
      const current = open.get(producerId)
      if (marker !== undefined) {
        if (current !== undefined) Object.assign(current, { markerOffset: baseOffset, aborted: marker === 'abort' })
        open.delete(producerId)
      } else if (transactional && current !== undefined) current.lastDataOffset = lastOffset
      else if (transactional) {
        const begun = { producerId, firstOffset: baseOffset, lastDataOffset: lastOffset, aborted: false }
        const transaction: ModelTransaction = { ...begun, markerOffset: undefined }
        open.set(producerId, transaction)
        all.push(transaction)
      }
    }
    return all
  }

  /** First offset that a read_committed reader must not see, of the transactions that `counts` takes in. */
  lastStableOffset(counts: (transaction: ModelTransaction) => boolean): number {
    const unstable = this.transactions().filter(
      (one) => counts(one) && (one.markerOffset === undefined || one.markerOffset >= this.highWatermark),
    )
    const first = Math.min(this.highWatermark, ...unstable.map(({ firstOffset }) => firstOffset))
    return Math.max(first, Math.min(this.start, this.highWatermark))
  }

  /** Records that compaction must leave: no later one has the key, and no rule says that they may go. */
  mustStay(nowMs: number, deleteRetentionMs: number): ModelRecord[] {
    const fate = this.#fates()
    const last = new Map<string, number>()
    const data = this.batches.filter((batch) => batch.marker === undefined)
    for (const batch of data) {
      if (fate(batch) !== undefined) continue
      for (const { key, offset } of batch.records) last.set(key, offset)
    }
    const stays = (batch: ModelBatch, { key, offset, value }: ModelRecord): boolean => {
      if (offset < this.start || fate(batch) === 'aborted') return false
      if (offset < (last.get(key) ?? -1)) return false
      return value !== null || nowMs - batch.appendedAtMs < deleteRetentionMs
    }
    return data.flatMap((batch) => batch.records.filter((record) => stays(batch, record)))
  }

  isOfTransaction(offset: number): boolean {
    return this.batchAt(offset)?.transactional === true
  }

  #fates(): (batch: ModelBatch) => 'aborted' | 'open' | undefined {
    const transactions = this.transactions()
    return ({ producerId, transactional, baseOffset }) => {
      if (!transactional) return undefined
      const own = transactions.findLast((one) => one.producerId === producerId && one.firstOffset <= baseOffset)
      if (own?.markerOffset === undefined) return 'open'
      return own.aborted ? 'aborted' : undefined
    }
  }
}
