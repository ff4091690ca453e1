import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { KeyHash } from './key-hash.ts'
import { OffsetMap } from './offset-map.ts'

const secret = Uint8Array.from({ length: 16 }, (_, i) => i)
const encoder = new TextEncoder()

test('the hash is SipHash-128, by the test vectors of its authors', () => {
  const expected = [
    'a3817f04ba25a8e66df67214c7550293',
    'da87c1d86b99af44347659119b22fc45',
    '8177228da4a45dc7fca38bdef60affe4',
    '9c70b60c5267a94e5f33b6b02985ed51',
    'f88164c12d9c8faf7d0f6e7c7bcd5579',
    '1368875980776f8854527a07690e9627',
    '14eeca338b208613485ea0308fd7a15e',
    'a1f1ebbed8dbc153c0b84aa61ff08239',
    '3b62a9ba6258f5610f83e264f31497b4',
  ]
  const hash = new KeyHash(secret, { perBlock: 2, atEnd: 4 })
  const input = Uint8Array.from({ length: 16 }, (_, i) => i)
  const found = expected.map((_, length) => {
    hash.of(input, 0, length)
    return Buffer.from(Int32Array.of(hash.a, hash.b, hash.c, hash.d).buffer).toString('hex')
  })
  assert.deepEqual(found, expected)
})

function put(map: OffsetMap, key: Uint8Array, offset: number): boolean {
  map.begin()
  map.ask(key, 0, key.length)
  return map.put(0, offset)
}

test('a map gives the last offset of every key, and nothing of a key that it was not given', () => {
  const keys = fc.array(fc.tuple(fc.uint8Array({ maxLength: 12 }), fc.nat({ max: Number.MAX_SAFE_INTEGER })))
  const property = fc.property(keys, fc.uint8Array({ maxLength: 12 }), fc.boolean(), (puts, other, together) => {
    const map = new OffsetMap({ memoryBytes: 1_000_000, loadFactor: 0.9, keysMax: puts.length, secret })
    const model = new Map<string, number>()
    for (const [key] of puts) map.ask(key, 0, key.length)
    if (together) map.fetch()
    for (const [i, [key, offset]] of puts.entries()) {
      assert.ok(together ? map.put(i, offset) : put(map, key, offset))
      model.set(key.join(), offset)
    }
    map.begin()
    for (const key of [...puts.map(([each]) => each), other]) map.ask(key, 0, key.length)
    map.fetch()
    for (const [i, [key]] of puts.entries()) assert.equal(map.get(i), model.get(key.join()))
    assert.equal(map.get(puts.length), model.get(other.join()) ?? -1)
    assert.equal(map.count, model.size)
  })
  fc.assert(property)
})

test('more keys can be asked for at a time than a batch usually has', () => {
  const map = new OffsetMap({ memoryBytes: 1_000_000, loadFactor: 0.9, keysMax: 5_000, secret })
  for (let i = 0; i < 5_000; i += 1) map.ask(encoder.encode(`key ${i}`), 0, `key ${i}`.length)
  map.fetch()
  for (let i = 0; i < 5_000; i += 1) assert.ok(map.put(i, i))
  for (let i = 0; i < 5_000; i += 1) assert.equal(map.get(i), i)
})

test('a map takes as many keys as its load factor says and no more, and goes on with those that it has', () => {
  const map = new OffsetMap({ memoryBytes: 24 * 1_000, loadFactor: 0.9, keysMax: 1e9, secret })
  for (let i = 0; i < 900; i += 1) assert.ok(put(map, encoder.encode(`key ${i}`), i))
  assert.equal(put(map, encoder.encode('one more'), 900), false)
  assert.ok(put(map, encoder.encode('key 5'), 901))
  assert.equal(map.count, 900)
})

test('a map takes the memory that it may, or what fewer keys need', () => {
  const memory = (memoryBytes: number, keysMax: number): number =>
    new OffsetMap({ memoryBytes, loadFactor: 0.9, keysMax, secret }).memoryBytes
  assert.equal(memory(128 * 1024 * 1024, 1e9), 24 * Math.floor((128 * 1024 * 1024) / 24))
  assert.ok(memory(128 * 1024 * 1024, 100) <= 24 * 113)
  assert.ok(memory(1, 1e9) <= 100)
})
