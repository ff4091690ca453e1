import { batchField, batchHeaderBytes } from '@millrace/protocol'
import type { FileHandle } from '../io/file-system.ts'
import type { BatchDamage } from './batch-damage.ts'
import { batchDamage } from './batch-damage.ts'

export interface ScanOptions {
  /** Byte position of a batch's start. */
  readonly from: number
  readonly until: number
  /** Whether each batch's CRC is computed; else only its shape is looked at. */
  readonly checkCrc: boolean
}

/** Sees one batch: it starts at `at` in `bytes` and at `position` in the file. Returns false to stop. */
export type BatchVisitor = (bytes: Uint8Array, at: number, position: number) => boolean | void

export interface ScanEnd {
  /** Where the last good batch ends. */
  readonly position: number
  /** What stands there where that isn't the end: a batch that is torn or damaged. */
  readonly problem?: BatchDamage
}

const windowBytes = 256 * 1024

/** Walks the batches of a segment's file in order, with one buffer however long it is. */
export function scanBatches(file: FileHandle, options: ScanOptions, visit: BatchVisitor): ScanEnd {
  const { until, checkCrc } = options
  let window = new Uint8Array(Math.max(0, Math.min(windowBytes, until - options.from)))
  let filled = 0
  let at = 0
  let position = options.from
  const refill = (needed: number): void => {
    const size = Math.min(Math.max(needed, windowBytes), until - position)
    if (size > window.length) window = new Uint8Array(size)
    filled = file.read(window.subarray(0, Math.min(window.length, until - position)), position)
    at = 0
  }
  refill(0)
  while (position < until) {
    if (filled - at < batchHeaderBytes) refill(0)
    if (filled - at >= batchHeaderBytes) {
      const sizeBytes = batchField.sizeBytes(window, at)
      // A length that lies doesn't make us read more than is there.
      if (sizeBytes > filled - at && sizeBytes <= until - position) refill(sizeBytes)
    }
    const problem = batchDamage(window, { at, end: filled, left: until - position }, checkCrc)
    if (problem !== null) return { position, problem }
    const sizeBytes = batchField.sizeBytes(window, at)
    if (visit(window, at, position) === false) return { position }
    at += sizeBytes
    position += sizeBytes
  }
  return { position }
}
