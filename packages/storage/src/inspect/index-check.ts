import type { AbortedTxnEntry } from '../segment/transaction-index.ts'
import { batchAttribute, batchField, readMarker, readRecords } from '@millrace/protocol'
import { OffsetIndex } from '../segment/offset-index.ts'
import type { SegmentSuffix } from '../segment/segment-files.ts'
import { segmentFile } from '../segment/segment-files.ts'
import { TimeIndex } from '../segment/time-index.ts'
import { TransactionIndex } from '../segment/transaction-index.ts'
import type { CheckStep } from './finding.ts'
import type { PartitionCheck } from './partition-check.ts'
import type { SegmentFile } from './partition-files.ts'

/** Holds what the indexes of a segment say against its batches, while those are walked. */
export class IndexCheck {
  readonly #check: PartitionCheck
  readonly #segment: SegmentFile
  #offsets: OffsetIndex | undefined
  #times: TimeIndex | undefined
  #transactions: TransactionIndex | undefined
  #offsetSlot = 0
  #timeSlot = 0
  #maxTimestampMs = -1
  /** False behind a damaged batch, which may have had the largest time. */
  #knowsTimes = true
  /** Aborted transactions that the batches show, and the index must have. */
  readonly #aborted: Pick<AbortedTxnEntry, 'producerId' | 'lastOffset'>[] = []

  constructor(check: PartitionCheck, segment: SegmentFile) {
    this.#check = check
    this.#segment = segment
  }

  *load(): Generator<CheckStep> {
    const { hints } = this.#check
    // Its entries are in the broker's memory.
    if (hints.live && this.#check.isLast(this.#segment)) return
    const [offsets, times] = [this.#read('.index'), this.#read('.timeindex')]
    const { baseOffset, sizeBytes, path } = this.#segment
    const isEmptied = sizeBytes === 0 && (offsets?.length ?? 0) > 0 && !this.#check.isLast(this.#segment)
    if (isEmptied && !this.#check.isRecovered(baseOffset)) {
      const words = ['the batches that its .index knows', 'an empty file'] as const
      yield this.#check.finding('damage', 'missing', path, words, { position: 0, segment: baseOffset })
      return
    }
    if (offsets === undefined) yield* this.#missing('.index')
    else this.#offsets = new OffsetIndex(baseOffset, offsets)
    if (times === undefined) yield* this.#missing('.timeindex')
    else this.#times = new TimeIndex(baseOffset, times)
    this.#transactions = new TransactionIndex(this.#read('.txnindex'))
    const structure = [
      ['.index', this.#offsets?.damage(sizeBytes)],
      ['.timeindex', this.#times?.damage()],
      ['.txnindex', this.#transactions.damage(baseOffset)],
    ] as const
    for (const [suffix, damage] of structure) if (damage !== undefined) yield* this.#damaged(suffix, damage)
  }

  #read(suffix: SegmentSuffix): Uint8Array | undefined {
    const path = this.#path(suffix)
    if (!this.#check.files.names.has(path.slice(path.lastIndexOf('/') + 1))) return undefined
    return this.#check.fileSystem.readFile(path)
  }

  #path(suffix: SegmentSuffix): string {
    return segmentFile(this.#check.files.folder, this.#segment.baseOffset, suffix)
  }

  *#missing(suffix: '.index' | '.timeindex'): Generator<CheckStep> {
    if (this.#segment.sizeBytes === 0 || this.#check.files.folders.has(this.#path(suffix).split('/').at(-1) ?? ''))
      return
    const place = { segment: this.#segment.baseOffset }
    yield this.#check.finding('mends', 'index', this.#path(suffix), ['an index of the segment', 'no such file'], place)
  }

  // A start builds it anew, but for what can only be told from the batches.
  *#damaged(suffix: '.index' | '.timeindex' | '.txnindex', damage: string): Generator<CheckStep> {
    if (suffix === '.index') this.#offsets = undefined
    else if (suffix === '.timeindex') this.#times = undefined
    else this.#transactions = undefined
    const kind = suffix === '.txnindex' ? 'transactions' : 'index'
    const place = { segment: this.#segment.baseOffset }
    yield this.#check.finding('mends', kind, this.#path(suffix), ['entries of this segment', damage], place)
  }

  /** Bytes whose batch is damaged: what the indexes say of it can't be told. */
  skip(from: number, until: number): void {
    this.#knowsTimes = false
    const index = this.#offsets
    if (index === undefined) return
    while (this.#offsetSlot < index.count) {
      const { position } = index.entryAt(this.#offsetSlot)
      if (position < from || position >= until) return
      this.#offsetSlot += 1
    }
  }

  /** A batch of the segment; they come in order. */
  *batch(bytes: Uint8Array, at: number, position: number): Generator<CheckStep> {
    yield* this.#offsetEntries(bytes, at, position)
    yield* this.#timeEntries(bytes, at)
    this.#noteTransaction(bytes, at)
  }

  *#offsetEntries(bytes: Uint8Array, at: number, position: number): Generator<CheckStep> {
    const end = position + batchField.sizeBytes(bytes, at)
    const index = this.#offsets
    if (index === undefined) return
    while (this.#offsetSlot < index.count) {
      const entry = index.entryAt(this.#offsetSlot)
      if (entry.position >= end) return
      this.#offsetSlot += 1
      const isStart = entry.position === position && entry.offset >= batchField.baseOffset(bytes, at)
      if (isStart) continue
      const got = `offset ${entry.offset} at byte ${entry.position}`
      const expected = `offset ${batchField.lastOffset(bytes, at)} at byte ${position}, where its batch starts`
      this.#offsets = undefined
      yield this.#wrong('index', '.index', [expected, got], entry.offset)
      return
    }
  }

  *#timeEntries(bytes: Uint8Array, at: number): Generator<CheckStep> {
    const lastOffset = batchField.lastOffset(bytes, at)
    const maxBefore = this.#maxTimestampMs
    this.#maxTimestampMs = Math.max(maxBefore, batchField.maxTimestampMs(bytes, at))
    const index = this.#times
    if (index === undefined) return
    while (this.#timeSlot < index.count) {
      const entry = index.entryAt(this.#timeSlot)
      if (entry.offset > lastOffset) return
      this.#timeSlot += 1
      const isTooLate = this.#knowsTimes && entry.timestampMs > this.#maxTimestampMs
      if (entry.timestampMs >= maxBefore && !isTooLate) continue
      this.#times = undefined
      const expected = `a time of ${this.#maxTimestampMs} up to offset ${entry.offset}`
      yield this.#wrong('index', '.timeindex', [expected, String(entry.timestampMs)], entry.offset)
      return
    }
  }

  #noteTransaction(bytes: Uint8Array, at: number): void {
    const attributes = batchField.attributes(bytes, at)
    if ((attributes & batchAttribute.transactional) === 0) return
    const { openTransactions } = this.#check
    const producerId = batchField.producerId(bytes, at)
    // An empty batch is what compaction left of one whose records are gone.
    if (batchField.recordCount(bytes, at) === 0) return
    if ((attributes & batchAttribute.control) === 0) {
      if (!openTransactions.has(producerId)) openTransactions.set(producerId, batchField.baseOffset(bytes, at))
      return
    }
    const marker = markerOf(bytes, at)
    const lastOffset = batchField.baseOffset(bytes, at)
    if (marker === 'abort' && openTransactions.has(producerId)) this.#aborted.push({ producerId, lastOffset })
    if (marker !== undefined) openTransactions.delete(producerId)
  }

  /** After the last batch. */
  *end(): Generator<CheckStep> {
    const { endOffset } = this.#check
    const entry = this.#offsets?.entryAt(this.#offsetSlot)
    if (this.#offsets !== undefined && entry !== undefined && this.#offsetSlot < this.#offsets.count) {
      const got = `offset ${entry.offset} at byte ${entry.position}`
      yield this.#wrong('index', '.index', [`an end at offset ${endOffset}`, got], entry.offset)
    }
    if (this.#times !== undefined && this.#timeSlot < this.#times.count) {
      const { offset } = this.#times.entryAt(this.#timeSlot)
      yield this.#wrong('index', '.timeindex', [`an end at offset ${endOffset}`, `offset ${offset}`], offset)
    }
    yield* this.#missingTransactions()
  }

  *#missingTransactions(): Generator<CheckStep> {
    const index = this.#transactions
    if (index === undefined) return
    const known = new Set(Array.from({ length: index.count }, (_, slot) => keyOf(index.entryAt(slot))))
    for (const aborted of this.#aborted) {
      if (known.has(keyOf(aborted)) || this.#check.isRecovered(aborted.lastOffset)) continue
      const expected = `the aborted transaction of producer ${aborted.producerId} that ends at ${aborted.lastOffset}`
      const got = this.#check.files.names.has(this.#path('.txnindex').split('/').at(-1) ?? '') ? 'none' : 'no such file'
      yield this.#wrong('transactions', '.txnindex', [expected, got], aborted.lastOffset)
      return
    }
  }

  // What lies past the recovery point is built anew; anything else nobody notices.
  #wrong(
    kind: 'index' | 'transactions',
    suffix: SegmentSuffix,
    words: readonly [string, string],
    offset: number,
  ): CheckStep {
    const level = this.#check.isRecovered(offset) ? 'mends' : 'damage'
    const place = { offset, segment: this.#segment.baseOffset }
    return this.#check.finding(level, kind, this.#path(suffix), words, place)
  }
}

const keyOf = (entry: { readonly producerId: number; readonly lastOffset: number }): string =>
  `${entry.producerId} ${entry.lastOffset}`

function markerOf(bytes: Uint8Array, at: number): 'abort' | 'commit' | undefined {
  try {
    const record = readRecords(bytes, {}, at).next().value
    const marker = record === undefined ? null : readMarker(record)
    return marker === null ? undefined : marker.committed ? 'commit' : 'abort'
  } catch {
    // What can't be read is a finding of its own.
    return undefined
  }
}
