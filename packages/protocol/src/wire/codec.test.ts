import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as field from '../schema/field.ts'
import { message } from '../schema/message.ts'
import { WireError } from './wire-error.ts'

const {
  array,
  bool,
  bytes,
  float64,
  hash64,
  int16,
  int32,
  int64,
  int8,
  millis,
  records,
  string,
  struct,
  uint16,
  uuid,
} = field

const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex')
const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

/** A message of one version, flexible or not. */
const one = <const S extends field.Fields>(fields: S, flexible = false) =>
  message('Sample', { versions: '0', flexible: flexible ? '0+' : 'none' }, fields)

/** A flexible struct of one byte, then so many empty tagged fields. */
const tagged = (count: number): Uint8Array =>
  Uint8Array.of(0, count, ...Array.from({ length: count }, (_, tag) => [tag, 0]).flat())

/** A flexible message of so many structs that hold an empty string and no tags. */
function dense(count: number): Uint8Array {
  const frame = new Uint8Array(4 + 2 * count + 1)
  const length = count + 1
  frame.set([(length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, ((length >> 14) & 0x7f) | 0x80, length >> 21])
  for (let i = 0; i < count; i++) frame[4 + 2 * i] = 1
  return frame
}

/** The same of so many empty strings. */
function denseText(count: number): Uint8Array {
  const frame = dense(count)
    .subarray(0, 4 + count + 1)
    .fill(1, 4)
  frame[frame.length - 1] = 0
  return frame
}

test('an error says what was read, what came, what was expected, and in which field', () => {
  const sample = one({ topics: array({ name: string() }) })
  assert.throws(() => sample.decode(unhex('000000010005'), 0), {
    name: 'WireError',
    message: 'bytes left in Sample.topics.name: got 0, expected at least 5',
  })
})

test('a version that the message does not have is a WireError', () => {
  assert.throws(() => one({ value: int8() }).decode(unhex('00'), 1), {
    name: 'WireError',
    message: /got 1, expected 0/,
  })
  assert.throws(() => one({ value: int8() }).encode({ value: 0 }, -1), WireError)
})

test('an array that says two billion is refused before anything is allocated for it', () => {
  for (const sample of [one({ items: array(int8()) }), one({ items: array({ name: string() }) })]) {
    assert.throws(() => sample.decode(unhex('77359400'), 0), { name: 'WireError', message: /elements of an array/ })
  }
  const compact = one({ items: array(int8()) }, true)
  assert.throws(() => compact.decode(unhex('81a8d6b907'), 0), { name: 'WireError', message: /got 2000000000/ })
})

test('an array may not have more elements than fit into the bytes that are left', () => {
  const sample = one({ items: array({ id: int64(), name: string() }) })
  assert.throws(() => sample.decode(unhex(`00000002${'00'.repeat(19)}`), 0), { message: /19 bytes at 10 each/ })
  assert.equal(sample.decode(unhex(`00000002${'00'.repeat(20)}`), 0).items.length, 2)
})

test('twenty million tagged fields are refused at once, and so is one more than 64', () => {
  const sample = one({ value: int8() }, true)
  const twentyMillion = new Uint8Array(40_000_005)
  twentyMillion.set(unhex('0080dac409'))
  assert.throws(() => sample.decode(twentyMillion, 0), { message: /tagged fields.*got 20000000, expected at most 64/ })
  assert.deepEqual(sample.decode(tagged(64), 0), { value: 0 })
  assert.throws(() => sample.decode(tagged(65), 0), WireError)
})

test('tags must rise', () => {
  const sample = one({ value: int8() }, true)
  assert.throws(() => sample.decode(unhex('000205000500'), 0), {
    message: /tag in Sample: got 5, expected one above 5/,
  })
  assert.throws(() => sample.decode(unhex('000205000400'), 0), WireError)
})

test('a tagged field that nobody knows is passed over and not written again', () => {
  const sample = one({ value: int8({ tag: 1 }) }, true)
  const decoded = sample.decode(unhex('030002010201010709010a'), 0)
  assert.deepEqual(decoded, { value: 7 })
  assert.equal(hex(sample.encode(decoded, 0)), '01010107')
})

test('a tagged field must fill its size exactly', () => {
  const sample = one({ value: int16({ tag: 0 }) }, true)
  assert.throws(() => sample.decode(unhex('010003000700'), 0), { message: /bytes after the end/ })
  assert.throws(() => sample.decode(unhex('0100010007'), 0), WireError)
  assert.throws(() => sample.decode(unhex('01007f0007'), 0), WireError)
})

test('a tagged field is written only where it differs from its default, by rising tag', () => {
  const sample = one({ b: int8({ tag: 1 }), a: string({ tag: 0, nullable: '0+', default: null }) }, true)
  assert.equal(hex(sample.encode({}, 0)), '00')
  assert.equal(hex(sample.encode({ a: null, b: 0 }, 0)), '00')
  assert.equal(hex(sample.encode({ a: 'x', b: 2 }, 0)), '0200020278010102')
})

test('a tagged field of more than 127 bytes has its size in as many bytes as it needs', () => {
  const sample = one({ items: array(int32(), { tag: 0 }) }, true)
  for (const count of [31, 32, 4_000, 5_000]) {
    const value = { items: Array.from({ length: count }, (_, i) => i) }
    assert.deepEqual(sample.decode(sample.encode(value, 0), 0), value)
  }
})

test('an int64 outside the safe integers is refused on both ways', () => {
  const sample = one({ value: int64() })
  assert.equal(sample.decode(unhex('001fffffffffffff'), 0).value, Number.MAX_SAFE_INTEGER)
  assert.equal(sample.decode(unhex('ffe0000000000001'), 0).value, Number.MIN_SAFE_INTEGER)
  for (const beyond of ['0020000000000000', 'ffe0000000000000', '7fffffffffffffff', '8000000000000000']) {
    assert.throws(() => sample.decode(unhex(beyond), 0), { name: 'WireError', message: /int64 in Sample.value/ })
  }
  assert.throws(() => sample.encode({ value: 2 ** 53 }, 0), WireError)
  assert.throws(() => sample.encode({ value: 0.5 }, 0), WireError)
})

test('a time outside the safe integers saturates', () => {
  const sample = one({ value: millis() })
  assert.equal(sample.decode(unhex('7fffffffffffffff'), 0).value, Number.MAX_SAFE_INTEGER)
  assert.equal(sample.decode(unhex('8000000000000000'), 0).value, Number.MIN_SAFE_INTEGER)
})

test('a default of 2^63-1 is the largest safe integer, absent on the wire and read where it is there', () => {
  const sample = one({ value: int64({ default: field.int64Max, tag: 1 }) }, true)
  assert.equal(hex(sample.encode({ value: Number.MAX_SAFE_INTEGER }, 0)), '00')
  assert.deepEqual(sample.decode(unhex('00'), 0), { value: Number.MAX_SAFE_INTEGER })
  assert.deepEqual(sample.decode(unhex('0101087fffffffffffffff'), 0), { value: Number.MAX_SAFE_INTEGER })
})

test('null is refused where it is not allowed', () => {
  const plain = one({ text: string() })
  assert.throws(() => plain.decode(unhex('ffff'), 0), { message: /value in Sample.text: got null/ })
  assert.throws(() => one({ data: bytes() }).decode(unhex('ffffffff'), 0), WireError)
  assert.throws(() => one({ items: array(int8()) }).decode(unhex('ffffffff'), 0), WireError)
  assert.throws(() => one({ items: array(int8()) }, true).decode(unhex('0000'), 0), WireError)
  for (const value of [
    string(),
    bytes(),
    records(),
    uuid(),
    bool(),
    int32(),
    struct({ inner: int8() }),
    array(int8()),
  ]) {
    assert.throws(() => one({ value }).encode({ value: null as never }, 0), WireError)
  }
})

test('a length below -1 is refused', () => {
  assert.throws(() => one({ text: string({ nullable: '0' }) }).decode(unhex('fffe'), 0), WireError)
  assert.throws(() => one({ data: bytes({ nullable: '0' }) }).decode(unhex('fffffffe'), 0), WireError)
  assert.throws(() => one({ items: array(int8(), { nullable: '0' }) }).decode(unhex('fffffffe'), 0), WireError)
})

test('a nullable struct is a byte before its fields', () => {
  const sample = one({ inner: struct({ value: int8() }, { nullable: '0+', default: null }) }, true)
  assert.equal(hex(sample.encode({}, 0)), 'ff00')
  assert.equal(hex(sample.encode({ inner: { value: 7 } }, 0)), '01070000')
  assert.deepEqual(sample.decode(unhex('01070000'), 0), { inner: { value: 7 } })
  assert.deepEqual(sample.decode(unhex('ff00'), 0), { inner: null })
})

test('null of a tagged struct is a zero byte', () => {
  const sample = one({ inner: struct({ value: int8() }, { nullable: '0+', tag: 0 }) }, true)
  assert.equal(hex(sample.encode({ inner: null }, 0)), '01000100')
  assert.deepEqual(sample.decode(unhex('01000100'), 0), { inner: null })
  assert.equal(hex(sample.encode({ inner: { value: 7 } }, 0)), '010003010700')
  assert.deepEqual(sample.decode(unhex('00'), 0), { inner: { value: 0 } })
})

const versioned = message(
  'Versioned',
  { versions: '0-1', flexible: 'none' },
  {
    old: int8({ versions: '0', ignorable: true }),
    id: int32({ versions: '1+', default: -1 }),
    inner: struct({ value: int8({ default: 3 }), text: string() }, { versions: '1+' }),
    items: array(int8(), { versions: '1+', nullable: '1+' }),
  },
)

test('a value that a version has no place for is refused unless it is the default', () => {
  const fine = { id: -1, inner: { value: 3, text: '' }, items: [] }
  assert.equal(hex(versioned.encode(fine, 0)), '00')
  for (const value of [{ id: 0 }, { inner: { value: 4, text: '' } }, { inner: { text: 'x' } }, { items: [1] }]) {
    assert.throws(() => versioned.encode(value, 0), { name: 'WireError', message: /value for version 0 in Versioned/ })
  }
  assert.throws(() => versioned.encode({ items: null }, 0), WireError)
})

test('an ignorable value is dropped where the version has no place for it', () => {
  assert.deepEqual(versioned.decode(versioned.encode({ old: 9 }, 1), 1).old, 0)
})

test('decoding gives every field, with its default where the version lacks it', () => {
  const decoded = versioned.decode(unhex('07'), 0)
  assert.deepEqual(decoded, { old: 7, id: -1, inner: { value: 3, text: '' }, items: [] })
  assert.notEqual(decoded.inner, versioned.decode(unhex('07'), 0).inner)
})

test('text that is not UTF-8 is read with replacement characters and half a surrogate pair is written as ?', () => {
  const sample = one({ text: string() })
  assert.equal(sample.decode(unhex('000361ff62'), 0).text, 'a\ufffdb')
  assert.equal(hex(sample.encode({ text: 'a\ud800b' }, 0)), '0003613f62')
  assert.equal(sample.decode(unhex('0003efbbbf'), 0).text, '\ufeff')
})

test('a string of 32,767 bytes is carried and one more is refused', () => {
  for (const flexible of [false, true]) {
    const sample = one({ text: string() }, flexible)
    for (const text of [
      'x'.repeat(32_767),
      'ü'.repeat(16_383),
      'é',
      '',
      'x'.repeat(31),
      'x'.repeat(32),
      '🚀'.repeat(8),
    ]) {
      assert.equal(sample.decode(sample.encode({ text }, 0), 0).text, text)
    }
    assert.throws(() => sample.encode({ text: 'x'.repeat(32_768) }, 0), WireError)
  }
  const tooLong = Buffer.concat([unhex('818002'), Buffer.alloc(32_769)])
  assert.throws(() => one({ text: string() }, true).decode(tooLong, 0), {
    message: /length of a string: ?.*32768|32768/,
  })
})

test('what does not fit its type refuses to encode', () => {
  const refused: readonly (readonly [field.Field, unknown])[] = [
    [int8(), 128],
    [int16(), -32_769],
    [uint16(), -1],
    [uint16(), 65_536],
    [int32(), 2 ** 31],
    [int32(), 0.5],
    [int32(), Number.NaN],
    [int32(), '1'],
    [int64(), 1n],
    [float64(), '1'],
    [bool(), 1],
    [string(), 1],
    [uuid(), 'short'],
    [uuid(), 'AAAAAAAAAAAAAAAAAAAAA*'],
    [uuid(), 'AAAAAAAAAAAAAAAAAAAAAü'],
    [hash64(), new Uint8Array(7)],
    [bytes(), 'text'],
    [records(), 'text'],
    [array(int8()), 'text'],
    [array(int8()), [1, 300]],
    [struct({ value: int8() }), 7],
  ]
  for (const [type, value] of refused) assert.throws(() => one({ value: type }).encode({ value }, 0), WireError)
})

test('after a value that was refused the next message is written whole', () => {
  const sample = one({ text: string(), value: int8() })
  assert.throws(() => sample.encode({ text: 'begun', value: 300 }, 0), WireError)
  assert.equal(hex(sample.encode({ text: 'a', value: 1 }, 0)), '00016101')
})

test('a message of megabytes is written and read', () => {
  const sample = one({ items: array(string()), data: bytes() })
  const value = {
    items: Array.from({ length: 50_000 }, (_, i) => `item ${i} ü`),
    data: new Uint8Array(3_000_000).fill(7),
  }
  assert.deepEqual(sample.decode(sample.encode(value, 0), 0), value)
})

test('a message that is dense with tiny structs is refused', () => {
  const sample = one({ items: array({ text: string() }, {}) }, true)
  assert.equal(sample.decode(dense(250_000), 0).items.length, 250_000)
  assert.throws(() => sample.decode(dense(2_000_000), 0), {
    name: 'WireError',
    message: /elements of an array in Sample.items: got 2000000/,
  })
})

test('a message that is dense with empty strings is refused', () => {
  const sample = one({ items: array(string()) }, true)
  assert.equal(sample.decode(denseText(1_000_000), 0).items.length, 1_000_000)
  assert.throws(() => sample.decode(denseText(3_000_000), 0), { name: 'WireError', message: /elements of an array/ })
})

test('decoded bytes are views of the frame, encoded ones copies', () => {
  const sample = one({ data: bytes() })
  const frame = unhex('0000000201020304').subarray(0, 6)
  const { data } = sample.decode(frame, 0)
  assert.equal(data.buffer, frame.buffer)
  const chunks = sample.encodeChunks({ data }, 0)
  assert.equal(chunks.length, 1)
  assert.notEqual(chunks[0]?.buffer, frame.buffer)
})

test('records as a list of buffers are written one after the other', () => {
  const sample = one({ data: records({ nullable: '0+' }), after: int8() })
  const lists = [Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3)]
  assert.equal(hex(sample.encode({ data: lists, after: 9 }, 0)), '0000000301020309')
  assert.equal(hex(Buffer.concat(sample.encodeChunks({ data: lists, after: 9 }, 0))), '0000000301020309')
  assert.equal(sample.encodeChunks({ data: null, after: 9 }, 0).length, 1)
})
