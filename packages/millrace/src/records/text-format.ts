import { UsageError } from '../terminal.ts'
import { headersText } from './json-record.ts'
import type { ConsumedRecord } from './json-record.ts'

type Piece = (record: ConsumedRecord) => Uint8Array

const text = (value: string | number): Uint8Array => Buffer.from(String(value))
const nothing = new Uint8Array(0)

const fields: Readonly<Record<string, Piece>> = {
  t: (record) => text(record.topic),
  p: (record) => text(record.partition),
  o: (record) => text(record.offset),
  k: (record) => record.key ?? nothing,
  v: (record) => record.value ?? nothing,
  s: (record) => record.value ?? nothing,
  h: (record) => text(headersText(record.headers)),
  d: (record) => text(record.timestamp),
  T: (record) => text(record.timestamp),
  K: (record) => text(record.key?.length ?? -1),
  V: (record) => text(record.value?.length ?? -1),
  S: (record) => text(record.value?.length ?? -1),
  '%': () => text('%'),
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '0': '\0', '\\': '\\' }

/**
 * A record printed by a format such as `%t %p %o %k %v %h\n`: topic, partition, offset, key, value, headers, `%d`
 * timestamp in ms, `%K` and `%V` lengths (-1 for null). kcat's `%s`, `%S` and `%T` mean value, its length and time.
 */
export function textFormat(format: string): (record: ConsumedRecord) => Uint8Array {
  const pieces = piecesOf(format)
  return (record) => Buffer.concat(pieces.map((piece) => piece(record)))
}

function piecesOf(format: string): Piece[] {
  const pieces: Piece[] = []
  let literal = ''
  for (let i = 0; i < format.length; i += 1) {
    const next = format[i + 1] ?? ''
    if (format[i] === '\\' && escapes[next] !== undefined) {
      literal += escapes[next]
      i += 1
    } else if (format[i] === '%') {
      const bytes = text(literal)
      pieces.push(() => bytes, fieldPiece(next))
      literal = ''
      i += 1
    } else literal += format[i]
  }
  const rest = text(literal)
  return [...pieces, () => rest]
}

function fieldPiece(letter: string): Piece {
  const field = fields[letter]
  if (field !== undefined) return field
  throw new UsageError(
    `unknown field %${letter} in --format: expected one of ${Object.keys(fields)
      .map((name) => `%${name}`)
      .join(' ')}`,
  )
}
