import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FetchMemory } from './fetch-memory.ts'

const mib = 1024 * 1024

test('memory that was given back is taken again by what fits into it', () => {
  const memory = new FetchMemory()
  const first = memory.take(1_000_000)
  assert.ok(first.length >= 1_000_000)
  assert.notEqual(memory.take(1_000_000).buffer, first.buffer)
  memory.give(first.buffer)
  assert.notEqual(memory.take(first.length + 1).buffer, first.buffer)
  assert.notEqual(memory.take(1_000).buffer, first.buffer)
  assert.equal(memory.take(first.length - 10).buffer, first.buffer)
})

test('memory from elsewhere is not taken in', () => {
  const memory = new FetchMemory()
  const strange = new ArrayBuffer(mib)
  memory.give(strange)
  assert.notEqual(memory.take(mib).buffer, strange)
})

test('what lies idle is bounded, whatever was taken', () => {
  const memory = new FetchMemory()
  const blocks = Array.from({ length: 40 }, () => memory.take(mib))
  const huge = memory.take(100 * mib)
  for (const { buffer } of [...blocks, huge]) memory.give(buffer)
  const known = new Set([...blocks, huge].map(({ buffer }) => buffer))
  assert.ok(!known.has(memory.take(100 * mib).buffer))
  assert.ok(Array.from({ length: 40 }, () => memory.take(mib)).filter(({ buffer }) => known.has(buffer)).length <= 16)
})
