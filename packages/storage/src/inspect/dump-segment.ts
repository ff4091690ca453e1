import type { BatchHeader, ReadRecord } from '@millrace/protocol'
import { codecOf, CorruptRecordsError, readBatchHeader, readRecords } from '@millrace/protocol'
import type { FileHandle } from '../io/file-system.ts'
import type { RecordDecoder } from './decode-record.ts'
import { decodeControl } from './decode-record.ts'
import type { DumpRow } from './dump-row.ts'
import { damageRow } from './dump-row.ts'
import { walkBatches } from './walk-batches.ts'

export interface SegmentDumpOptions {
  /** Whether the records are read too. */
  readonly records: boolean
  /** Says what the bytes of a coordinator's records mean. */
  readonly decoder?: RecordDecoder | undefined
}

/** The batches of a segment, and their records where asked for. Damage is a row of its own, and the rest follows it. */
export function* dumpSegment(
  file: FileHandle,
  sizeBytes: number,
  options: SegmentDumpOptions,
): Generator<DumpRow | undefined, void, undefined> {
  for (const step of walkBatches(file, sizeBytes)) {
    if (step.kind === 'searching') yield undefined
    else if (step.kind === 'damage') {
      const place = { position: step.position, sizeBytes: step.until - step.position }
      yield damageRow(place, step.damage.expected, step.damage.got)
    } else {
      const header = readBatchHeader(step.bytes, step.at)
      yield batchRow(header, step.position)
      if (options.records) yield* recordRows(step.bytes, step.at, { header, filePosition: step.position, options })
    }
  }
}

function batchRow(header: BatchHeader, position: number): DumpRow {
  return {
    type: 'batch',
    position,
    sizeBytes: header.sizeBytes,
    baseOffset: header.baseOffset,
    lastOffset: header.lastOffset,
    records: header.recordCount,
    leaderEpoch: header.leaderEpoch,
    timestamp: header.maxTimestampMs,
    timestampType: header.timestampType,
    codec: codecOf(header.attributes),
    producerId: header.producerId,
    producerEpoch: header.producerEpoch,
    baseSequence: header.baseSequence,
    lastSequence: header.lastSequence,
    transactional: header.transactional,
    control: header.control,
    deleteHorizon: header.deleteHorizonMs,
    crc: header.crc,
    magic: header.magic,
  }
}

interface BatchPlace {
  readonly header: BatchHeader
  readonly filePosition: number
  readonly options: SegmentDumpOptions
}

function* recordRows(bytes: Uint8Array, at: number, { header, filePosition, options }: BatchPlace): Generator<DumpRow> {
  try {
    for (const record of readRecords(bytes, {}, at)) yield recordRow(record, header, options)
  } catch (error) {
    if (!(error instanceof CorruptRecordsError)) throw error
    const place = { position: filePosition, sizeBytes: header.sizeBytes }
    yield damageRow(place, `${header.recordCount} records`, error.message)
  }
}

function recordRow(record: ReadRecord, header: BatchHeader, { decoder }: SegmentDumpOptions): DumpRow {
  const decoded = header.control ? decodeControl(record) : decoder?.(record)
  return {
    type: 'record',
    offset: record.offset,
    timestamp: record.timestampMs,
    key: record.key,
    value: record.value,
    headers: record.headers.map(({ key, value }) => ({ key, value })),
    ...(decoded === undefined ? {} : { decoded }),
  }
}
