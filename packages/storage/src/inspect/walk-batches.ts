import { batchAttribute, batchField, batchHeaderBytes, batchLayout } from '@millrace/protocol'
import type { FileHandle } from '../io/file-system.ts'
import type { BatchDamage } from '../segment/batch-damage.ts'
import { batchDamage } from '../segment/batch-damage.ts'

/** One step through a segment's file. */
export type WalkStep =
  /** A whole batch with a good CRC, at `at` in `bytes` and at `position` in the file. Valid until the next step. */
  | { readonly kind: 'batch'; readonly bytes: Uint8Array; readonly at: number; readonly position: number }
  /** No batch from `position` on; the next good one, or the end of the file, is at `until`. */
  | { readonly kind: 'damage'; readonly position: number; readonly until: number; readonly damage: BatchDamage }
  /** Still looking for the next good batch: others may have a turn. */
  | { readonly kind: 'searching'; readonly position: number }

const windowBytes = 256 * 1024

/**
 * Every batch of a file in order. Goes on behind damage, at the next bytes that are a batch with a good CRC and a later
 * offset. Keeps one window and one batch in memory.
 */
export function* walkBatches(file: FileHandle, sizeBytes: number): Generator<WalkStep, void, undefined> {
  const window = new Window(file, sizeBytes)
  let position = 0
  let nextOffset = 0
  while (position < sizeBytes) {
    const at = window.show(position)
    const damage = batchDamage(window.bytes, { at, end: window.filled, left: sizeBytes - position }, true)
    if (damage === null) {
      nextOffset = batchField.lastOffset(window.bytes, at) + 1
      const size = batchField.sizeBytes(window.bytes, at)
      yield { kind: 'batch', bytes: window.bytes, at, position }
      position += size
    } else {
      const until = yield* findBatch(window, position, nextOffset)
      yield { kind: 'damage', position, until, damage }
      position = until
    }
  }
}

/** A part of the file in memory, that always holds the whole of the batch that it shows, if that lies in the file. */
class Window {
  readonly #file: FileHandle
  readonly sizeBytes: number
  bytes = new Uint8Array(windowBytes)
  filled = 0
  #start = 0

  constructor(file: FileHandle, sizeBytes: number) {
    this.#file = file
    this.sizeBytes = sizeBytes
  }

  /** Returns where `position` is in `bytes`. */
  show(position: number): number {
    let at = this.#at(position, batchHeaderBytes)
    if (this.filled - at < batchHeaderBytes) return at
    const size = batchField.sizeBytes(this.bytes, at)
    const isThere = size <= this.sizeBytes - position && isPlausible(this.bytes, at)
    if (isThere && size > this.filled - at) at = this.#at(position, size)
    return at
  }

  /** The same with at least `wanted` bytes behind it, or all that the file has. */
  #at(position: number, wanted: number): number {
    const at = position - this.#start
    if (at >= 0 && this.filled - at >= wanted) return at
    if (wanted > this.bytes.length) this.bytes = new Uint8Array(wanted)
    const most = Math.min(this.bytes.length, this.sizeBytes - position)
    this.filled = this.#file.read(this.bytes.subarray(0, most), position)
    this.#start = position
    return 0
  }
}

const magic = 2

// So that a length in bytes that are no batch doesn't have us read a gigabyte.
const isPlausible = (bytes: Uint8Array, at: number): boolean =>
  batchField.magic(bytes, at) === magic &&
  (batchField.attributes(bytes, at) & batchAttribute.codec) <= 4 &&
  batchField.lastOffsetDelta(bytes, at) >= 0 &&
  batchField.recordCount(bytes, at) >= 0

function* findBatch(window: Window, from: number, leastOffset: number): Generator<WalkStep, number, undefined> {
  let position = from + 1
  let announced = from
  while (position + batchHeaderBytes <= window.sizeBytes) {
    const at = window.show(position)
    const found = window.bytes.subarray(0, window.filled).indexOf(magic, at + batchLayout.magic)
    const end = window.filled - batchHeaderBytes
    const candidate = found < 0 ? end + 1 : Math.min(found - batchLayout.magic, end + 1)
    position += candidate - at
    if (position - announced >= windowBytes) {
      announced = position
      yield { kind: 'searching', position }
    }
    if (candidate > end) continue
    if (isBatch(window, position, leastOffset)) return position
    position += 1
  }
  return window.sizeBytes
}

function isBatch(window: Window, position: number, leastOffset: number): boolean {
  const at = window.show(position)
  if (batchField.baseOffset(window.bytes, at) < leastOffset) return false
  return batchDamage(window.bytes, { at, end: window.filled, left: window.sizeBytes - position }, true) === null
}
