import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serde } from './built-in.ts'
import { plainBytes } from './sendable.ts'
import type { Serde } from './serde.ts'
import { deserializerOf, serializerOf } from './serdes-of-topic.ts'
import { SchemaError, SerializationError } from './serialization-error.ts'
import type { SchemaResult, StandardSchema } from './standard-schema.ts'

const context = { topic: 'orders', part: 'value' } as const

const hexOf = (bytes: Uint8Array | string): string => Buffer.from(bytes as string).toString('hex')

/** Through its bytes and back. */
const roundTrip = <In, Out>(each: Serde<In, Out>, value: In): Out =>
  each.deserialize(Buffer.from(each.serialize(value, context) as string), context)

test('numbers are written as the serializers of Java write them', () => {
  assert.equal(hexOf(serde.int32.serialize(-2, context)), 'fffffffe')
  assert.equal(hexOf(serde.int64.serialize(1n, context)), '0000000000000001')
  assert.equal(hexOf(serde.float64.serialize(1.5, context)), '3ff8000000000000')
  assert.equal(roundTrip(serde.int32, -2_000_000_000), -2_000_000_000)
  assert.equal(roundTrip(serde.int64, -(2n ** 62n)), -(2n ** 62n))
  assert.equal(roundTrip(serde.float64, Math.PI), Math.PI)
})

test('text and JSON come back as they went', () => {
  assert.equal(roundTrip(serde.string, 'Grüße 🙂'), 'Grüße 🙂')
  assert.deepEqual(roundTrip(serde.json(), { a: [1, null] }), { a: [1, null] })
  assert.deepEqual(roundTrip(serde.bytes, Buffer.from('b')), Buffer.from('b'))
})

test('what does not fit is refused, in both directions', () => {
  assert.throws(() => serde.int32.serialize(2 ** 31, context), RangeError)
  assert.throws(() => serde.int32.deserialize(Buffer.alloc(3), context), /got 3 bytes, expected 4/)
  assert.throws(() => serde.json().serialize(undefined, context), /undefined has no JSON/)
  assert.throws(() => serde.json().deserialize(Buffer.from('{'), context), SyntaxError)
})

/** As zod and the others make them: an object with an id, and a note that has a default. */
function orderSchema(): StandardSchema<{ id: number; note?: string }, { id: number; note: string }> {
  const validate = (value: unknown): SchemaResult<{ id: number; note: string }> => {
    const { id, note = 'none' } = value as { id?: unknown; note?: string }
    if (typeof id === 'number') return { value: { id, note } }
    return { issues: [{ message: 'expected a number', path: ['lines', { key: 0 }, 'id'] }] }
  }
  return { '~standard': { version: 1, vendor: 'test', validate } }
}

test('a schema checks what is written and what is read, and only what is read is as the schema makes it', () => {
  const checked = serde.json(orderSchema())
  assert.equal(checked.serialize({ id: 1 }, context), '{"id":1}')
  assert.deepEqual(roundTrip(checked, { id: 1 }), { id: 1, note: 'none' })
  const wrong = { id: 'x' }
  assert.throws(() => checked.serialize(wrong as never, context), {
    name: 'SchemaError',
    message: 'lines.0.id: expected a number',
  })
  assert.throws(() => checked.deserialize(Buffer.from('{"id":"x"}'), context), SchemaError)
})

test('a schema that answers later is refused: records would overtake one another', () => {
  const later = (): Promise<SchemaResult<number>> => Promise.reject(new Error('nobody waits for this'))
  const checked = serde.json({ '~standard': { version: 1, vendor: 'test', validate: later } })
  assert.throws(() => checked.serialize(1, context), /asynchronous schema/)
})

test('a topic has the serdes of its name, else those of *, else none; a schema may be a function', () => {
  const schema = Object.assign(() => undefined, orderSchema())
  const table = { orders: { value: schema }, '*': { value: serde.string } }
  assert.throws(() => serializerOf(table, 'orders', 'value')?.serialize({}, context), SchemaError)
  assert.deepEqual(deserializerOf(table, 'orders', 'value')?.deserialize(Buffer.from('{"id":2}'), context), {
    id: 2,
    note: 'none',
  })
  assert.equal(serializerOf(table, 'orders', 'key'), undefined)
  assert.equal(serializerOf(table, 'other', 'value'), serde.string)
  assert.equal(deserializerOf({}, 'constructor', 'value'), undefined)
  assert.equal(deserializerOf(undefined, 'other', 'value'), undefined)
})

test('text, numbers and bytes of every kind need no serializer; objects do', () => {
  const bytes = Uint8Array.of(9, 1, 2, 3, 4, 9)
  assert.equal(plainBytes('v'), 'v')
  assert.equal(plainBytes(-1.5), '-1.5')
  assert.equal(plainBytes(12n), '12')
  for (const given of [
    Buffer.from(bytes.subarray(1, 5)),
    bytes.subarray(1, 5),
    new DataView(bytes.buffer, 1, 4),
    bytes.slice(1, 5).buffer,
    new Int16Array(bytes.slice(1, 5).buffer),
  ]) {
    assert.equal(hexOf(plainBytes(given)), '01020304')
  }
  assert.throws(() => plainBytes({} as never), /needs a serializer/)
  assert.throws(() => plainBytes(true as never), /a boolean needs a serializer/)
})

test('the error of a record says which part of which record, and why', () => {
  const cause = new SchemaError([{ message: 'no' }])
  const sent = new SerializationError(context, cause)
  assert.equal(sent.message, 'the value of a record of orders: no')
  const read = new SerializationError({ topic: 'orders', part: 'key' }, cause, { partition: 3, offset: 7 })
  assert.equal(read.message, 'the key of a record of orders-3, offset 7: no')
  assert.deepEqual([read.topic, read.part, read.partition, read.offset, read.cause], ['orders', 'key', 3, 7, cause])
})
