import type { DumpRow, DumpValue } from '@millrace/storage'
import type { Column, Json, Row } from '../output/print.ts'
import { jsonBytes } from './json-record.ts'

const right = (name: string, title?: string): Column => ({
  name,
  align: 'right',
  ...(title === undefined ? {} : { title }),
})

const batchColumns: readonly Column[] = [
  right('position'),
  right('sizeBytes', 'SIZE'),
  right('baseOffset', 'FIRST'),
  right('lastOffset', 'LAST'),
  right('records'),
  right('leaderEpoch', 'EPOCH'),
  { name: 'timestamp', title: 'TIME' },
  { name: 'codec' },
  right('producerId', 'PRODUCER'),
  right('baseSequence', 'SEQUENCE'),
  { name: 'kind' },
]

const recordColumns = (decoded: boolean): readonly Column[] => [
  right('offset'),
  { name: 'timestamp', title: 'TIME' },
  ...(decoded ? [{ name: 'decoded' }] : [{ name: 'key' }, { name: 'value' }, { name: 'headers' }]),
]

const producerColumns: readonly Column[] = [
  right('producerId', 'PRODUCER'),
  right('producerEpoch', 'EPOCH'),
  right('firstSequence', 'FIRST SEQUENCE'),
  right('lastSequence', 'LAST SEQUENCE'),
  right('lastOffset', 'LAST OFFSET'),
  { name: 'timestamp', title: 'TIME' },
  right('currentTxnFirstOffset', 'OPEN SINCE'),
]

const columnsOfKind: Readonly<Record<string, readonly Column[]>> = {
  segment: batchColumns,
  'offset index': [right('offset'), right('position')],
  'time index': [{ name: 'timestamp', title: 'TIME' }, right('offset')],
  'transaction index': [
    right('producerId', 'PRODUCER'),
    right('firstOffset', 'FIRST'),
    right('lastOffset', 'LAST'),
    right('lastStableOffset', 'LAST STABLE'),
  ],
  'producer snapshot': producerColumns,
  'producer batches': producerColumns.slice(0, -1),
  'offset checkpoint': [{ name: 'topic' }, right('partition'), right('offset')],
  'leader epochs': [right('epoch'), right('startOffset', 'START OFFSET')],
  properties: [{ name: 'name' }, { name: 'value' }],
  json: [{ name: 'name' }, { name: 'value' }],
}

const decodedFolder = /\/__(?:consumer_offsets|transaction_state|share_group_state|cluster_metadata)-\d+[^/]*\/[^/]+$/

/** The columns of a table for a file of that kind. */
export function dumpColumns(kind: string | undefined, records: boolean, path: string): readonly Column[] {
  if (kind === 'segment' && records) return recordColumns(decodedFolder.test(path))
  return columnsOfKind[kind ?? ''] ?? []
}

/** A row for JSON: every field, bytes as text where they are UTF-8 and it isn't to be base64. */
export const dumpedJson = (row: DumpRow, base64: boolean): Row =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name, jsonOf(value, base64)]))

function jsonOf(value: DumpValue, base64: boolean): Json {
  if (value instanceof Uint8Array) return base64 ? { base64: Buffer.from(value).toString('base64') } : jsonBytes(value)
  if (isList(value)) return value.map((item) => jsonOf(item, base64))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, jsonOf(field, base64)]))
}

const isList = (value: DumpValue): value is readonly DumpValue[] => Array.isArray(value)

/** A row for a table: times that a person can read, values cut to what fits. */
export function dumpedText(row: DumpRow, base64: boolean): Row {
  const cells = Object.entries(row).map(([name, value]) => [name, textOf(name, value, base64)] as const)
  // What a control record means says more than its bytes.
  const decoded = row['decoded'] === undefined ? {} : { value: textOf('decoded', row['decoded'], base64) }
  return { ...Object.fromEntries(cells), ...decoded, kind: kindOf(row) }
}

function textOf(name: string, value: DumpValue, base64: boolean): Json {
  if (name === 'timestamp' && typeof value === 'number') return timeOf(value)
  if (name === 'headers' && isList(value)) return value.length === 0 ? null : shortened(headersOf(value, base64))
  if (value instanceof Uint8Array) return shortened(bytesText(value, base64))
  if (value !== null && typeof value === 'object') return shortened(JSON.stringify(jsonOf(value, base64)), 100)
  if (typeof value === 'number' && value === -1) return null
  return value
}

const timeOf = (timestampMs: number): string | null =>
  timestampMs < 0 || timestampMs > 8_640_000_000_000_000 ? null : new Date(timestampMs).toISOString()

const bytesText = (bytes: Uint8Array, base64: boolean): string => {
  const json = base64 ? null : jsonBytes(bytes)
  return typeof json === 'string' ? json : Buffer.from(bytes).toString('base64')
}

const headersOf = (headers: readonly DumpValue[], base64: boolean): string =>
  headers
    .map((header) => {
      const { key, value } = header as { key: string; value: Uint8Array | null }
      return `${key}=${value === null ? '' : bytesText(value, base64)}`
    })
    .join(',')

const controls = /\p{Cc}/gu

function shortened(text: string, most = 32): string {
  const cut = text.length <= most ? text : `${text.slice(0, most - 1)}…`
  return cut.replaceAll(controls, '·')
}

function kindOf(row: DumpRow): string | null {
  const words = [row['control'] === true ? 'control' : '', row['transactional'] === true ? 'txn' : '']
  return words.filter((word) => word !== '').join(' ') || null
}
