import type { AnyCoordinatorRecord, AnyMessage, ReadRecord } from '@millrace/protocol'
import {
  coordinatorKeyType,
  decodeCoordinatorKey,
  decodeCoordinatorValue,
  groupRecords,
  kRaftVersionRecord,
  leaderChangeMessage,
  readInt16,
  readMarker,
  shareRecords,
  snapshotFooterRecord,
  snapshotHeaderRecord,
  transactionRecords,
  votersRecord,
} from '@millrace/protocol'
import { errorMessage } from '@millrace/kernel'
import type { DumpValue } from './dump-row.ts'
import { metadataRecord } from './metadata-record.ts'

type Content = Pick<ReadRecord, 'key' | 'value'>

/** What a record's bytes mean; what can't be decoded says why. */
export type RecordDecoder = (record: Content) => DumpValue

const coordinators = {
  offsets: groupRecords,
  transactions: transactionRecords,
  share: shareRecords,
} as const

export const decoderNames = ['offsets', 'transactions', 'share', 'metadata'] as const
export type DecoderName = (typeof decoderNames)[number]

const topics: Readonly<Record<string, DecoderName>> = {
  __consumer_offsets: 'offsets',
  __transaction_state: 'transactions',
  __share_group_state: 'share',
  __cluster_metadata: 'metadata',
}

/** The decoder for a segment by the folder that it lies in; undefined for a topic of somebody's own. */
export function decoderNameOf(path: string): DecoderName | undefined {
  const folder = path.split('/').at(-2) ?? ''
  return topics[folder.replace(/-\d+(?:\.[0-9a-f]{32}-(?:delete|stray|future))?$/, '')]
}

export const decoderOf = (name: DecoderName): RecordDecoder =>
  attempt(name === 'metadata' ? metadataRecord : (record) => decodeCoordinator(coordinators[name], record))

const attempt =
  (decode: RecordDecoder): RecordDecoder =>
  (record) => {
    try {
      return decode(record)
    } catch (error) {
      return { undecodable: errorMessage(error) }
    }
  }

function decodeCoordinator(table: ReadonlyMap<number, AnyCoordinatorRecord>, { key, value }: Content): DumpValue {
  if (key === null) return { undecodable: 'no key' }
  const type = coordinatorKeyType(key)
  const kind = table.get(type)
  if (kind === undefined) return { undecodable: `a key of type ${type}` }
  return {
    record: kind.name,
    key: plain(decodeCoordinatorKey(kind, key)),
    value: value === null ? null : plain(decodeCoordinatorValue(kind, value)),
  }
}

const controlRecords: ReadonlyMap<number, AnyMessage> = new Map([
  [2, leaderChangeMessage],
  [3, snapshotHeaderRecord],
  [4, snapshotFooterRecord],
  [5, kRaftVersionRecord],
  [6, votersRecord],
])

/** A transaction's marker, or what KRaft says of its own log. */
export const decodeControl = attempt((record) => {
  const marker = readMarker(record)
  if (marker !== null)
    return { marker: marker.committed ? 'COMMIT' : 'ABORT', coordinatorEpoch: marker.coordinatorEpoch }
  const type = readInt16(record.key ?? new Uint8Array(4), 2)
  const message = controlRecords.get(type)
  if (message === undefined || record.value === null) return { undecodable: `a control record of type ${type}` }
  return { record: message.name, value: plain(message.decode(record.value, readInt16(record.value, 0))) }
})

// What a codec gives are plain values; only what it may add that JSON lacks is turned into text.
function plain(value: unknown): DumpValue {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value
  if (value instanceof Uint8Array) return value
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object') return typeof value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]))
}
