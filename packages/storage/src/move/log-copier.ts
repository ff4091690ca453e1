import { errorMessage } from '@millrace/kernel'
import { batchField, batchHeaderBytes, checkBatch } from '@millrace/protocol'
import { isDeviceError } from '../io/disk-errors.ts'
import type { LogState } from '../log/log-state.ts'
import { copySnapshot } from '../log/producer-replay.ts'
import { removeSegments } from '../log/remove-segments.ts'
import { moveLogStart } from '../log/retention.ts'
import { newSegment } from '../log/roll.ts'
import { restartLog } from '../log/truncate.ts'
import type { Segment } from '../segment/segment.ts'
import type { AbortedTxnEntry } from '../segment/transaction-index.ts'

interface Place {
  readonly segment: Segment
  readonly position: number
  /** Of the log that is copied: after a change the place is looked for anew. */
  readonly changes: number
}

/** Copies what a log holds into its copy in another directory, batch by batch: the same bytes in the same segments. */
export class LogCopier {
  readonly #from: LogState
  readonly #to: LogState
  #place: Place | undefined
  /** The last segment that doesn't begin where the one before it ends: a recovery must not look for what lies between. */
  gapEnd = 0

  constructor(from: LogState, to: LogState) {
    this.#from = from
    this.#to = to
  }

  /** Bytes that the copy lacks. */
  get missingBytes(): number {
    const place = this.#next()
    if (place === undefined) return 0
    const { segments } = this.#from
    const later = segments.all.slice(segments.indexOf(place.segment.baseOffset))
    return later.reduce((sum, segment) => sum + segment.sizeBytes, -place.position)
  }

  /** Copies at most `maxBytes`, one batch at least, read off the event loop. Returns the bytes copied. */
  async copySome(maxBytes: number): Promise<number> {
    const place = this.#next()
    if (place === undefined) return 0
    const changes = this.#to.changes
    const sizeBytes = await this.#batchBytes(place, maxBytes)
    const buffer = this.#from.context.buffers.take(sizeBytes)
    try {
      const got = await this.#read(place, buffer.subarray(0, sizeBytes))
      if (this.#from.changes !== place.changes || this.#to.changes !== changes) return 0
      return this.#append(place, buffer.subarray(0, got))
    } finally {
      this.#from.context.buffers.give(buffer)
    }
  }

  async #read({ segment, position }: Place, target: Uint8Array): Promise<number> {
    try {
      return await segment.file().readLater(target, position)
    } catch (error) {
      if (isDeviceError(error)) this.#from.home.fail(`a read of ${segment.path} failed: ${errorMessage(error)}`)
      throw error
    }
  }

  /** Copies all that is left in this turn: for the last of it, which is in the page cache. */
  copyRest(): void {
    for (let place = this.#next(); place !== undefined; place = this.#next()) {
      const bytes = new Uint8Array(place.segment.sizeBytes - place.position)
      const got = place.segment.file().read(bytes, place.position)
      this.#append(place, bytes.subarray(0, got))
    }
  }

  /** What is gone from the start of the log goes from the copy's, and readers may see as much of it. */
  followStart(): void {
    const from = this.#from
    const to = this.#to
    moveLogStart(to, Math.min(from.logStartOffset, to.logEndOffset))
    to.highWatermark = Math.max(to.logStartOffset, Math.min(from.highWatermark, to.logEndOffset))
    const { first } = from.segments
    const gone = to.segments.all.filter(
      (segment, i) =>
        (to.segments.at(i + 1)?.baseOffset ?? Infinity) <= first.baseOffset && segment !== to.segments.active,
    )
    removeSegments(to, gone)
  }

  // What is asked for, or the whole of a batch that is larger.
  async #batchBytes(place: Place, maxBytes: number): Promise<number> {
    const left = place.segment.sizeBytes - place.position
    const header = new Uint8Array(Math.min(left, batchHeaderBytes))
    await this.#read(place, header)
    const first = header.length < batchHeaderBytes ? left : batchField.sizeBytes(header, 0)
    return Math.min(left, Math.max(maxBytes, first))
  }

  /** Where the copy goes on; undefined where it has everything. Begins the copy's segments where the log's begin. */
  #next(): Place | undefined {
    const { segments } = this.#from
    if (this.#to.logEndOffset < segments.first.baseOffset) restartLog(this.#to, segments.first.baseOffset)
    let place = this.#place
    if (place?.changes !== this.#from.changes) place = this.#find()
    for (let index = segments.indexOf(place.segment.baseOffset); ; index += 1) {
      const segment = segments.at(index)
      if (segment === undefined) return undefined
      if (segment !== place.segment) place = { segment, position: 0, changes: this.#from.changes }
      this.#beginSegment(segment)
      this.#place = place
      if (place.position < segment.sizeBytes) return place
    }
  }

  #find(): Place {
    const { segments, changes } = this.#from
    const segment = segments.at(segments.indexOf(this.#to.logEndOffset)) ?? segments.first
    const position = segment.positionOf(this.#to.logEndOffset) ?? segment.sizeBytes
    return { segment, position, changes }
  }

  #beginSegment({ baseOffset }: Segment): void {
    const to = this.#to
    const { active } = to.segments
    if (baseOffset <= active.baseOffset || baseOffset < to.logEndOffset) return
    active.seal()
    if (baseOffset > to.logEndOffset) this.gapEnd = baseOffset
    to.logEndOffset = baseOffset
    to.segments.push(newSegment(to, baseOffset))
    copySnapshot(this.#from, to, baseOffset)
  }

  #append(place: Place, bytes: Uint8Array): number {
    const to = this.#to
    const fromOffset = to.logEndOffset
    const whole = bytes.subarray(0, this.#wholeBytes(place, bytes))
    const { active } = to.segments
    const startPosition = active.sizeBytes
    this.#write(active, whole)
    for (let at = 0; at < whole.length; at += batchField.sizeBytes(whole, at)) {
      active.noteBatch(whole, at, startPosition + at)
      const epoch = batchField.leaderEpoch(whole, at)
      if (epoch >= 0) to.epochs.assign(epoch, batchField.baseOffset(whole, at))
      to.logEndOffset = batchField.lastOffset(whole, at) + 1
    }
    this.#copyTransactions(place.segment, active, fromOffset)
    this.#place = { ...place, position: place.position + whole.length }
    to.home.wrote(to, whole.length)
    return whole.length
  }

  #write(active: Segment, bytes: Uint8Array): void {
    const { clock } = this.#to.context
    const startMs = clock.monotonicMs()
    try {
      active.write([bytes], bytes.length)
      this.#to.home.writeTook(clock.monotonicMs() - startMs)
    } catch (error) {
      if (isDeviceError(error)) this.#to.home.fail(`a write to ${active.path} failed: ${errorMessage(error)}`)
      else this.#undo(active)
      throw error
    }
  }

  #undo(active: Segment): void {
    try {
      active.undoWrite()
    } catch (error) {
      this.#to.home.fail(`a failed write to ${active.path} could not be undone: ${errorMessage(error)}`)
    }
  }

  #wholeBytes({ segment, position }: Place, bytes: Uint8Array): number {
    let at = 0
    while (bytes.length - at >= batchHeaderBytes && batchField.sizeBytes(bytes, at) <= bytes.length - at) {
      const problem = checkBatch(bytes, at)
      if (problem !== null) throw new DamagedSourceError(`${segment.path} at byte ${position + at}: ${problem.message}`)
      at += batchField.sizeBytes(bytes, at)
    }
    if (at === 0) throw new DamagedSourceError(`${segment.path} has no whole batch at byte ${position}`)
    return at
  }

  #copyTransactions(source: Segment, target: Segment, fromOffset: number): void {
    const { logEndOffset } = this.#to
    const found: AbortedTxnEntry[] = []
    source.collectAborted(fromOffset, logEndOffset, found)
    const { transactions } = target.indexes
    for (const entry of found) {
      if (entry.lastOffset >= fromOffset && entry.lastOffset < logEndOffset) transactions.append(entry)
    }
  }
}

/** What is to be moved is damaged: it stays where it is. */
export class DamagedSourceError extends Error {
  override name = 'DamagedSourceError'
}
