import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InputOptions } from './input.ts'
import { lineParser, parseHeader } from './input.ts'

const options: InputOptions = { shape: 'text', keySeparator: undefined, nullMarker: undefined, headers: [] }
const text = (bytes: Uint8Array | null): string | null => (bytes === null ? null : Buffer.from(bytes).toString())

test('a line is a value without a key unless a separator says otherwise', () => {
  const record = lineParser(options)(Buffer.from('a:b'), 1)
  assert.deepEqual([text(record.key), text(record.value)], [null, 'a:b'])
})

test('the first separator ends the key', () => {
  const record = lineParser({ ...options, keySeparator: ':' })(Buffer.from('a:b:c'), 1)
  assert.deepEqual([text(record.key), text(record.value)], ['a', 'b:c'])
})

test('a line without the separator is refused with its number', () => {
  assert.throws(
    () => lineParser({ ...options, keySeparator: ':' })(Buffer.from('abc'), 3),
    /line 3 has no ':' between key and value/,
  )
})

test('the null marker stands for null as key and as value', () => {
  const record = lineParser({ ...options, keySeparator: ':', nullMarker: 'NULL' })(Buffer.from('NULL:NULL'), 1)
  assert.deepEqual([record.key, record.value], [null, null])
})

test('headers of the command line are added to those of the line', () => {
  const parse = lineParser({ ...options, shape: 'ndjson', headers: [parseHeader('b=2=3')] })
  const record = parse(Buffer.from('{"value":"v","headers":[{"key":"a","value":"1"}]}'), 1)
  assert.deepEqual(
    record.headers.map((header) => [header.key, text(header.value)]),
    [
      ['a', '1'],
      ['b', '2=3'],
    ],
  )
  assert.throws(() => parseHeader('=x'), /a header is NAME=VALUE/)
})
