import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Tail, TailCache } from './tail-cache.ts'

const entry = (offset: number, bytes: Uint8Array) => ({ baseOffset: offset, lastOffset: offset, bytes })

test('a buffer counts once and whole, however many batches are kept of it', () => {
  const cache = new TailCache(1_000_000)
  const tail = new Tail()
  const chunk = new Uint8Array(65_536)
  cache.admit([
    { tail, entry: entry(0, chunk.subarray(0, 30_000)) },
    { tail, entry: entry(1, chunk.subarray(30_000, 60_000)) },
  ])
  assert.equal(cache.heldBytes, 65_536)
  assert.equal(tail.from(1).entries[1]?.bytes.buffer, chunk.buffer)
})

test('a small part of a large buffer is copied and does not pin it', () => {
  const cache = new TailCache(1_000_000)
  const tail = new Tail()
  const chunk = new Uint8Array(65_536).fill(7)
  cache.admit([{ tail, entry: entry(0, chunk.subarray(0, 100)) }])
  const kept = tail.from(0).entries[0]?.bytes
  assert.notEqual(kept?.buffer, chunk.buffer)
  assert.deepEqual([kept?.length, kept?.[99]], [100, 7])
})

test('the oldest goes first, whichever log it belongs to, and the budget holds', () => {
  const cache = new TailCache(3_000)
  const tails = [new Tail(), new Tail()] as const
  for (let i = 0; i < 10; i += 1) {
    cache.admit([{ tail: tails[i % 2] ?? tails[0], entry: entry(i, new Uint8Array(1_000)) }])
    assert.ok(cache.heldBytes <= 3_000)
  }
  assert.deepEqual([tails[0].startOffset, tails[1].startOffset], [8, 7])
})

test('what is dropped gives its budget back, and others keep theirs', () => {
  const cache = new TailCache(10_000)
  const [one, other] = [new Tail(), new Tail()]
  cache.admit([
    { tail: one, entry: entry(0, new Uint8Array(1_000)) },
    { tail: other, entry: entry(0, new Uint8Array(2_000)) },
  ])
  cache.drop(one)
  assert.deepEqual([cache.heldBytes, one.length, other.length], [2_000, 0, 1])
})

test('thousands of small batches stay within the budget and are found by offset', () => {
  const cache = new TailCache(600_000)
  const tail = new Tail()
  for (let i = 0; i < 20_000; i += 1) cache.admit([{ tail, entry: entry(i, new Uint8Array(65_536).subarray(0, 200)) }])
  assert.ok(cache.heldBytes <= 600_000)
  const start = tail.startOffset ?? 0
  assert.ok(start > 15_000)
  const found = tail.from(start + 10)
  assert.equal(found.entries[found.start]?.baseOffset, start + 10)
})
