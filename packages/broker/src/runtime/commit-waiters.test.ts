import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ErrorName } from '@millrace/protocol'
import { CommitWaiters } from './commit-waiters.ts'

function collect() {
  const waiters = new CommitWaiters()
  const woken: (readonly [number, ErrorName | null])[] = []
  const add = (lastOffset: number) => waiters.add(lastOffset, (error) => woken.push([lastOffset, error]))
  return { waiters, woken, add }
}

test('waiters wake in the order of their offsets, as far as the high watermark has come', () => {
  const { waiters, woken, add } = collect()
  for (const offset of [3, 9, 5]) add(offset)
  waiters.wake(6, null)
  assert.deepEqual(woken, [
    [3, null],
    [5, null],
  ])
  assert.equal(waiters.size, 1)
  waiters.wake(10, null)
  assert.deepEqual(woken.at(-1), [9, null])
  assert.equal(waiters.size, 0)
})

test('who gave up is not told', () => {
  const { waiters, woken, add } = collect()
  add(1).cancel()
  add(2)
  waiters.wake(5, null)
  assert.deepEqual(woken, [[2, null]])
})

test('when leadership goes everybody who waits is told so', () => {
  const { waiters, woken, add } = collect()
  add(1)
  add(2)
  waiters.fail('NOT_LEADER_OR_FOLLOWER')
  assert.deepEqual(woken, [
    [1, 'NOT_LEADER_OR_FOLLOWER'],
    [2, 'NOT_LEADER_OR_FOLLOWER'],
  ])
  assert.equal(waiters.size, 0)
})
