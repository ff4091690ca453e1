import { asBrokerId, asLeaderEpoch, asOffset } from '@millrace/kernel'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EpochEnd, FollowerState } from './follower.ts'
import { stepFollower } from './follower.ts'

const follower = (logEnd: number, highWatermark: number): FollowerState => ({
  leader: asBrokerId(1),
  leaderEpoch: asLeaderEpoch(3),
  logEnd: asOffset(logEnd),
  highWatermark: asOffset(highWatermark),
})

const end = (leaderEpoch: number, endOffset: number): EpochEnd => ({
  leaderEpoch: asLeaderEpoch(leaderEpoch),
  endOffset: asOffset(endOffset),
})

const fetched = (state: FollowerState, logEnd: number, highWatermark: number, epoch = 3) =>
  stepFollower(state, {
    kind: 'fetched',
    leaderEpoch: asLeaderEpoch(epoch),
    logEnd: asOffset(logEnd),
    leaderHighWatermark: asOffset(highWatermark),
  })

const diverged = (state: FollowerState, leader: EpochEnd, own: EpochEnd) =>
  stepFollower(state, { kind: 'diverged', leaderEpoch: asLeaderEpoch(3), leader, own })

test("a follower's high watermark is the leader's, as far as its log goes", () => {
  const state = follower(0, 0)
  assert.deepEqual(fetched(state, 5, 9), [{ kind: 'setHighWatermark', highWatermark: 5 }])
  assert.deepEqual(fetched(state, 12, 9), [{ kind: 'setHighWatermark', highWatermark: 9 }])
})

test('a leader that was elected a moment ago and knows less does not lower it', () => {
  const state = follower(10, 8)
  assert.deepEqual(fetched(state, 10, 3), [])
  assert.equal(state.highWatermark, 8)
})

test('a log that parts from the leader is cut where the epochs say', () => {
  const state = follower(10, 4)
  assert.deepEqual(diverged(state, end(2, 7), end(2, 10)), [{ kind: 'truncate', offset: 7, losesCommitted: false }])
  assert.deepEqual(diverged(state, end(1, 9), end(1, 6)), [{ kind: 'truncate', offset: 6, losesCommitted: false }])
  assert.equal(state.logEnd, 6)
  assert.equal(state.highWatermark, 4)
})

test('where our log knows nothing of the epoch, it is cut where the epoch ends at the leader', () => {
  assert.deepEqual(diverged(follower(10, 4), end(2, 8), end(-1, -1)), [
    { kind: 'truncate', offset: 8, losesCommitted: false },
  ])
})

test('an epoch that was begun and never written in is cut too', () => {
  assert.deepEqual(diverged(follower(5, 5), end(1, 7), end(1, 5)), [
    { kind: 'truncate', offset: 5, losesCommitted: false },
  ])
})

test('a cut below the high watermark, after an unclean election, is said and lowers it', () => {
  const state = follower(10, 8)
  assert.deepEqual(diverged(state, end(1, 3), end(1, 3)), [{ kind: 'truncate', offset: 3, losesCommitted: true }])
  assert.equal(state.highWatermark, 3)
})

test("a log that ends before the leader's begins starts anew there", () => {
  const state = follower(5, 5)
  const outOfRange = (start: number) =>
    stepFollower(state, { kind: 'outOfRange', leaderEpoch: asLeaderEpoch(3), leaderLogStart: asOffset(start) })
  assert.deepEqual(outOfRange(5), [])
  assert.deepEqual(outOfRange(100), [{ kind: 'startAnew', offset: 100 }])
  assert.deepEqual([state.logEnd, state.highWatermark], [100, 100])
})

test('what an earlier leader sent does nothing', () => {
  const state = follower(5, 5)
  assert.deepEqual(fetched(state, 9, 9, 2), [])
  assert.equal(state.logEnd, 5)
  stepFollower(state, { kind: 'leaderChanged', leader: asBrokerId(2), leaderEpoch: asLeaderEpoch(4) })
  assert.deepEqual(fetched(state, 9, 9, 3), [])
  assert.deepEqual(fetched(state, 9, 9, 4), [{ kind: 'setHighWatermark', highWatermark: 9 }])
})
