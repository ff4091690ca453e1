import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConsumedRecord } from './json-record.ts'
import { textFormat } from './text-format.ts'

const record: ConsumedRecord = {
  topic: 'orders',
  partition: 3,
  offset: 42,
  timestamp: 1_700_000_000_000,
  key: Buffer.from('k'),
  value: Buffer.from('two lamps'),
  headers: [
    { key: 'a', value: Buffer.from('b') },
    { key: 'n', value: null },
  ],
}

const print = (format: string, each = record): string => Buffer.from(textFormat(format)(each)).toString()

test('a format prints the fields of a record', () => {
  assert.equal(print('%t %p %o %k %v %h\\n'), 'orders 3 42 k two lamps a=b,n=\n')
  assert.equal(print('%d %T %K %V %S %s%%'), '1700000000000 1700000000000 1 9 9 two lamps%')
})

test('a null prints as nothing and has the length -1', () => {
  assert.equal(print('[%k|%v|%K|%V]', { ...record, key: null, value: null }), '[||-1|-1]')
})

test('escapes become what they stand for, and others stay', () => {
  assert.equal(print('a\\tb\\\\n\\q'), 'a\tb\\n\\q')
})

test('bytes that are no text come out as they are', () => {
  const value = Uint8Array.of(0xff, 0x00, 0xfe)
  assert.deepEqual([...textFormat('%v')({ ...record, value })], [...value])
})

test('an unknown field is refused with those that there are', () => {
  assert.throws(() => textFormat('%x'), /unknown field %x in --format: expected one of %t %p/)
})
