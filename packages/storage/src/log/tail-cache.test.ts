import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TailEntry } from './tail-cache.ts'
import { Tail, TailCache } from './tail-cache.ts'

const mib = 1024 * 1024

function entryOf(cache: TailCache, offset: number, bytes: Uint8Array): TailEntry {
  return { baseOffset: offset, lastOffset: offset, ...cache.place(bytes) }
}

function admit(cache: TailCache, tail: Tail, offset: number, bytes: Uint8Array): TailEntry {
  const entry = entryOf(cache, offset, bytes)
  cache.admit([{ tail, entry }])
  return entry
}

test('what is kept is a copy: the memory of a request may be used for the next one', () => {
  const cache = new TailCache(4 * mib)
  const tail = new Tail()
  const request = new Uint8Array(100).fill(7)
  admit(cache, tail, 0, request)
  request.fill(8)
  assert.deepEqual(tail.from(0).entries[0]?.bytes, new Uint8Array(100).fill(7))
})

test('the oldest goes first, whichever log it belongs to, and the budget holds', () => {
  const cache = new TailCache(4_000)
  const tails = [new Tail(), new Tail()] as const
  for (let i = 0; i < 10; i += 1) {
    admit(cache, tails[i % 2] ?? tails[0], i, new Uint8Array(1_000))
    assert.ok(cache.heldBytes <= 4_000)
  }
  assert.deepEqual([tails[0].startOffset, tails[1].startOffset], [8, 7])
})

test('a budget that holds nothing keeps nothing', () => {
  const cache = new TailCache(1)
  const tail = new Tail()
  for (let i = 0; i < 10; i += 1) admit(cache, tail, i, new Uint8Array(300))
  assert.deepEqual([tail.length, cache.heldBytes], [0, 0])
})

test('what is dropped gives its budget back, and others keep theirs', () => {
  const cache = new TailCache(64 * mib)
  const [one, other] = [new Tail(), new Tail()]
  admit(cache, other, 0, new Uint8Array(2 * mib))
  const before = cache.heldBytes
  admit(cache, one, 0, new Uint8Array(mib))
  cache.drop(one)
  assert.deepEqual([cache.heldBytes, one.length, other.length], [before, 0, 1])
})

test('what is being sent stays as it is though it left the tail', () => {
  const cache = new TailCache(2 * mib)
  const tail = new Tail()
  const sent = admit(cache, tail, 0, new Uint8Array(1_000).fill(1))
  cache.hold(sent)
  for (let i = 1; i < 10_000; i += 1) admit(cache, tail, i, new Uint8Array(1_000).fill(2))
  assert.ok((tail.startOffset ?? 0) > 0)
  assert.deepEqual(sent.bytes, new Uint8Array(1_000).fill(1))
  cache.release(sent)
})

test('memory comes round again once nobody holds it', () => {
  const cache = new TailCache(2 * mib)
  const tail = new Tail()
  const buffers = new Set<ArrayBufferLike>()
  for (let i = 0; i < 20_000; i += 1) buffers.add(admit(cache, tail, i, new Uint8Array(1_000)).bytes.buffer)
  assert.ok(buffers.size < 80, `${buffers.size} blocks for 2 MiB`)
})

test('an append that was not written gives its memory back', () => {
  const cache = new TailCache(2 * mib)
  const placed = cache.place(new Uint8Array(1_000))
  cache.release(placed)
  assert.equal(cache.place(new Uint8Array(1_000)).bytes.byteOffset, placed.bytes.byteOffset)
})

test('appends that lie together are one entry, up to 64 KiB, and others start a new one', () => {
  const cache = new TailCache(64 * mib)
  const [tail, other] = [new Tail(), new Tail()]
  for (let i = 0; i < 1_000; i += 1) admit(cache, tail, i, new Uint8Array(100))
  assert.equal(tail.length, 2)
  admit(cache, other, 0, new Uint8Array(100))
  admit(cache, tail, 1_000, new Uint8Array(100))
  assert.equal(tail.length, 3)
})

test('thousands of small batches stay within the budget and are found by offset', () => {
  const cache = new TailCache(600_000)
  const [tail, other] = [new Tail(), new Tail()]
  for (let i = 0; i < 20_000; i += 1) {
    admit(cache, tail, i, new Uint8Array(200))
    admit(cache, other, i, new Uint8Array(200))
  }
  assert.ok(cache.heldBytes <= 600_000)
  const start = tail.startOffset ?? 0
  assert.ok(start > 15_000)
  const found = tail.from(start + 10)
  assert.equal(found.entries[found.start]?.baseOffset, start + 10)
})
