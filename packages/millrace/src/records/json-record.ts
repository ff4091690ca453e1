import { UsageError } from '../terminal.ts'

/** A record as the commands see it: bytes, with nothing interpreted. */
export interface ConsumedRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Milliseconds since the Unix epoch. */
  readonly timestamp: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly RecordHeader[]
}

export interface RecordHeader {
  readonly key: string
  readonly value: Uint8Array | null
}

/** Bytes in JSON: text where they are UTF-8, else base64, so that nothing is lost on the way through a pipe. */
type JsonBytes = string | { readonly base64: string } | null

/** One line of `consume -o ndjson`, which `produce -o ndjson` takes as it is. */
export interface JsonRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly key: JsonBytes
  readonly value: JsonBytes
  readonly headers: readonly { readonly key: string; readonly value: JsonBytes }[]
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function jsonBytes(bytes: Uint8Array | null): JsonBytes {
  if (bytes === null) return null
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return { base64: Buffer.from(bytes).toString('base64') }
  }
}

export function jsonRecord(record: ConsumedRecord): JsonRecord {
  return {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    timestamp: record.timestamp,
    key: jsonBytes(record.key),
    value: jsonBytes(record.value),
    headers: record.headers.map((header) => ({ key: header.key, value: jsonBytes(header.value) })),
  }
}

export function headersText(headers: readonly RecordHeader[]): string {
  return headers
    .map((header) => `${header.key}=${header.value === null ? '' : Buffer.from(header.value).toString()}`)
    .join(',')
}

/** A record to be produced, read from one line of JSON. Absent fields are left to the producer. */
export interface JsonInput {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly RecordHeader[]
  readonly timestamp: number | undefined
  readonly partition: number | undefined
}

/** Reads one line in the shape that `consume -o ndjson` writes; `where` (such as `line 3`) starts the error. */
export function parseJsonRecord(line: string, where: string): JsonInput {
  const fields = parseObject(line, where)
  return {
    key: bytesField(fields, 'key', where),
    value: bytesField(fields, 'value', where),
    headers: headersField(fields, where),
    timestamp: numberField(fields, 'timestamp', where),
    partition: numberField(fields, 'partition', where),
  }
}

type Fields = Readonly<Record<string, unknown>>
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function parseObject(line: string, where: string): Fields {
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch (error) {
    throw new UsageError(`${where} is not JSON: ${(error as Error).message}`)
  }
  if (!isFields(parsed)) throw new UsageError(`${where} is not a record: got ${line.slice(0, 40)}, expected an object`)
  return parsed
}

function bytesField(fields: Fields, name: string, where: string): Uint8Array | null {
  const value = fields[name]
  if (value === null || value === undefined) return null
  if (typeof value === 'string') return Buffer.from(value)
  if (isFields(value) && typeof value['base64'] === 'string') return Buffer.from(value['base64'], 'base64')
  throw new UsageError(`${where}: ${name} is text, null or {"base64": "..."}, got ${JSON.stringify(value)}`)
}

function numberField(fields: Fields, name: string, where: string): number | undefined {
  const value = fields[name]
  if (value === null || value === undefined) return undefined
  if (Number.isSafeInteger(value)) return value as number
  throw new UsageError(`${where}: ${name} is a whole number, got ${JSON.stringify(value)}`)
}

function headersField(fields: Fields, where: string): RecordHeader[] {
  const headers = fields['headers'] ?? []
  if (!Array.isArray(headers)) throw new UsageError(`${where}: headers is a list of {key, value}`)
  return headers.map((header: unknown) => {
    if (!isFields(header) || typeof header['key'] !== 'string') {
      throw new UsageError(`${where}: a header is {"key": "...", "value": ...}, got ${JSON.stringify(header)}`)
    }
    return { key: header['key'], value: bytesField(header, 'value', where) }
  })
}
