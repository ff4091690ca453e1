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

export type LineParser = (line: Buffer, lineNumber: number) => JsonInput

/** Turns one line of standard input into a record. `lineNumber` counts from 1 and stands in errors. */
export function lineParser(options: InputOptions): LineParser {
  if (options.shape === 'text') return textParser(options)
  return (line, lineNumber) => {
    const record = parseJsonRecord(line.toString(), `line ${lineNumber}`)
    return options.headers.length === 0 ? record : { ...record, headers: [...record.headers, ...options.headers] }
  }
}

// Lines stay bytes: what is no UTF-8 is produced as it was typed.
function textParser({ keySeparator, nullMarker, headers }: InputOptions): LineParser {
  const separator = keySeparator === undefined ? undefined : Buffer.from(keySeparator)
  const marker = nullMarker === undefined ? undefined : Buffer.from(nullMarker)
  const orNull = (bytes: Buffer): Buffer | null => (marker?.equals(bytes) === true ? null : bytes)
  const input = (key: Buffer | null, value: Buffer | null): JsonInput => ({
    key,
    value,
    headers,
    timestamp: undefined,
    partition: undefined,
  })
  if (separator === undefined) return (line) => input(null, orNull(line))
  return (line, lineNumber) => {
    const at = line.indexOf(separator)
    if (at >= 0) return input(orNull(line.subarray(0, at)), orNull(line.subarray(at + separator.length)))
    const got = line.subarray(0, 40).toString()
    throw new UsageError(`line ${lineNumber} has no '${keySeparator}' between key and value: got '${got}'`)
  }
}

/** `name=value` of `--header`; the value may be empty. */
export function parseHeader(text: string): RecordHeader {
  const at = text.indexOf('=')
  if (at <= 0) throw new UsageError(`a header is NAME=VALUE, got '${text}'`)
  return { key: text.slice(0, at), value: Buffer.from(text.slice(at + 1)) }
}
