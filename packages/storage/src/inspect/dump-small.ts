import { firstSequence } from '../producer/producer-entry.ts'
import { decodeBatches } from '../producer/producer-batches.ts'
import { decodeSnapshot } from '../producer/producer-snapshot.ts'
import { offsetEntryBytes, OffsetIndex } from '../segment/offset-index.ts'
import { timeEntryBytes, TimeIndex } from '../segment/time-index.ts'
import { TransactionIndex, txnEntryBytes } from '../segment/transaction-index.ts'
import type { DumpRow } from './dump-row.ts'
import { damageRow } from './dump-row.ts'

interface Entries {
  readonly entryBytes: number
  readonly rowAt: (slot: number) => DumpRow
  /** Why the entries can't be right; undefined where nothing speaks against them. */
  readonly damage: string | undefined
}

/** The entries of an index file, up to the zeroes that Apache Kafka keeps behind those of the segment it writes to. */
export function* dumpIndex(kind: IndexKind, bytes: Uint8Array, baseOffset: number): Generator<DumpRow> {
  const used = bytes.subarray(0, usedBytes(bytes, entrySizes[kind]))
  const { entryBytes, rowAt, damage } = entriesOf(kind, used, baseOffset)
  const count = Math.floor(used.length / entryBytes)
  for (let slot = 0; slot < count; slot += 1) yield rowAt(slot)
  if (damage !== undefined) yield damageRow({ position: 0, sizeBytes: used.length }, 'entries of an index', damage)
  const unused = bytes.length - used.length
  if (unused > 0) yield { type: 'line', text: `${unused} zero bytes follow: room for more entries` }
}

export type IndexKind = 'offset index' | 'time index' | 'transaction index'

const entrySizes = {
  'offset index': offsetEntryBytes,
  'time index': timeEntryBytes,
  'transaction index': txnEntryBytes,
} as const

// A first entry may be all zeroes; a second can't.
function usedBytes(bytes: Uint8Array, entryBytes: number): number {
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === 0) end -= 1
  const whole = Math.ceil(end / entryBytes) * entryBytes
  return bytes.length - whole < 2 * entryBytes ? bytes.length : whole
}

function entriesOf(kind: IndexKind, bytes: Uint8Array, baseOffset: number): Entries {
  const entryBytes = entrySizes[kind]
  if (kind === 'offset index') {
    const index = new OffsetIndex(baseOffset, bytes)
    return { entryBytes, damage: index.damage(Infinity), rowAt: (slot) => ({ type: 'entry', ...index.entryAt(slot) }) }
  }
  if (kind === 'time index') {
    const index = new TimeIndex(baseOffset, bytes)
    const rowAt = (slot: number): DumpRow => {
      const { timestampMs, offset } = index.entryAt(slot)
      return { type: 'entry', timestamp: timestampMs, offset }
    }
    return { entryBytes, damage: index.damage(), rowAt }
  }
  const index = new TransactionIndex(bytes)
  const rowAt = (slot: number): DumpRow => ({ type: 'entry', ...index.entryAt(slot) })
  return { entryBytes, damage: index.damage(baseOffset), rowAt }
}

/** The producers of a snapshot, as Kafka keeps them. */
export function* dumpSnapshot(bytes: Uint8Array): Generator<DumpRow> {
  const entries = decodeSnapshot(bytes)
  if (entries === undefined) {
    const got = `${bytes.length} bytes with another version, size or CRC`
    yield damageRow({ position: 0, sizeBytes: bytes.length }, 'a producer snapshot of version 1', got)
    return
  }
  for (const entry of entries) {
    const last = entry.batches.at(-1)
    yield {
      type: 'producer',
      producerId: entry.producerId,
      producerEpoch: entry.producerEpoch,
      coordinatorEpoch: entry.coordinatorEpoch,
      firstSequence: last === undefined ? -1 : firstSequence(last),
      lastSequence: last?.lastSequence ?? -1,
      lastOffset: last?.lastOffset ?? -1,
      timestamp: entry.lastTimestampMs,
      currentTxnFirstOffset: entry.txnFirstOffset < 0 ? null : entry.txnFirstOffset,
    }
  }
}

/** The batches that a snapshot has no place for: a file of our own. */
export function* dumpBatches(bytes: Uint8Array, path: string): Generator<DumpRow> {
  const known = decodeBatches(bytes, path)
  if (known === undefined) {
    yield damageRow(
      { position: 0, sizeBytes: bytes.length },
      'batches of producers, version 1',
      'another version or CRC',
    )
    return
  }
  for (const { producerId, producerEpoch, batches } of known) {
    for (const batch of batches) {
      const { lastSequence, lastOffset, timestampMs } = batch
      const sequences = { firstSequence: firstSequence(batch), lastSequence }
      yield { type: 'producer', producerId, producerEpoch, ...sequences, lastOffset, timestamp: timestampMs }
    }
  }
}
