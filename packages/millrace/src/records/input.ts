import { UsageError } from '../terminal.ts'
import type { JsonInput, RecordHeader } from './json-record.ts'
import { parseJsonRecord } from './json-record.ts'

export interface InputOptions {
  readonly shape: 'text' | 'json' | 'ndjson'
  /** Text between key and value; undefined where lines are values alone. */
  readonly keySeparator: string | undefined
  /** Text that stands for null, as a key or as a value. */
  readonly nullMarker: string | undefined
  readonly headers: readonly RecordHeader[]
}

/** Turns one line of standard input into a record. `lineNumber` counts from 1 and stands in errors. */
export function lineParser(options: InputOptions): (line: string, lineNumber: number) => JsonInput {
  if (options.shape === 'text') return (line, lineNumber) => textRecord(line, lineNumber, options)
  return (line, lineNumber) => {
    const record = parseJsonRecord(line, `line ${lineNumber}`)
    return { ...record, headers: [...record.headers, ...options.headers] }
  }
}

function textRecord(line: string, lineNumber: number, options: InputOptions): JsonInput {
  const [key, value] = splitKey(line, lineNumber, options.keySeparator)
  const bytes = (text: string | null): Uint8Array | null =>
    text === null || text === options.nullMarker ? null : Buffer.from(text)
  return {
    key: bytes(key),
    value: bytes(value),
    headers: options.headers,
    timestamp: undefined,
    partition: undefined,
  }
}

function splitKey(line: string, lineNumber: number, separator: string | undefined): [string | null, string] {
  if (separator === undefined) return [null, line]
  const at = line.indexOf(separator)
  if (at >= 0) return [line.slice(0, at), line.slice(at + separator.length)]
  throw new UsageError(`line ${lineNumber} has no '${separator}' between key and value: got '${line.slice(0, 40)}'`)
}

/** `name=value` of `--header`; the value may be empty. */
export function parseHeader(text: string): RecordHeader {
  const at = text.indexOf('=')
  if (at <= 0) throw new UsageError(`a header is NAME=VALUE, got '${text}'`)
  return { key: text.slice(0, at), value: Buffer.from(text.slice(at + 1)) }
}
