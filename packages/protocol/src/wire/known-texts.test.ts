import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { KnownTexts } from './known-texts.ts'

const latin1 = (bytes: Uint8Array, start: number, end: number): string =>
  Buffer.from(bytes.subarray(start, end)).toString('latin1')

test('a text is what its bytes say, however often and among whatever others it comes', () => {
  const texts = new KnownTexts(latin1)
  const few = fc.constantFrom('orders', 'orders-2', '', 'a', 'payments.eu.v1', 'x'.repeat(64), 'x'.repeat(65))
  fc.assert(
    fc.property(fc.array(fc.oneof(few, fc.string({ unit: 'binary-ascii', maxLength: 80 })), { size: '+1' }), (many) => {
      for (const text of [...many, ...many]) {
        const bytes = Buffer.from(`<${text}>`, 'latin1')
        assert.equal(texts.text(bytes, 1, bytes.length - 1), text)
      }
    }),
    { numRuns: 500 },
  )
})

test('a text that came twice is not decoded again, and does not change with the bytes that it came in', () => {
  let decoded = 0
  const texts = new KnownTexts((bytes, start, end) => {
    decoded += 1
    return latin1(bytes, start, end)
  })
  const bytes = Buffer.from('orders')
  for (let i = 0; i < 5; i++) assert.equal(texts.text(bytes, 0, 6), 'orders')
  assert.equal(decoded, 2)
  bytes.write('ORDERS')
  assert.equal(texts.text(bytes, 0, 6), 'ORDERS')
  assert.equal(texts.text(Buffer.from('orders'), 0, 6), 'orders')
  assert.equal(decoded, 3)
})
