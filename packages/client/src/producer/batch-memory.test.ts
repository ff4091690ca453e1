import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BatchMemory } from './batch-memory.ts'

test('memory of full batches is used again, up to a bound; smaller and larger ones get their own', () => {
  const memory = new BatchMemory(1_000, 2_500)
  const taken = [memory.take(1_000), memory.take(600), memory.take(1_000)]
  assert.deepEqual(
    taken.map(({ length }) => length),
    [1_000, 1_000, 1_000],
  )
  for (const each of taken) memory.give(each)
  assert.deepEqual([memory.take(400).length, memory.take(1_001).length], [400, 1_001])
  assert.equal(memory.take(800), taken[1])
  assert.equal(memory.take(1_000), taken[0])
  assert.ok(!taken.includes(memory.take(1_000)))
  memory.give(Buffer.alloc(999))
  assert.equal(memory.take(1_000).length, 1_000)
})
