import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Wanted } from './fetch-session.ts'
import { fetchBody, FetchSession } from './fetch-session.ts'
import { PartitionState } from '../reading/partition-state.ts'

const topicId = 'AAAAAAAAAAAAAAAAAAAAAQ'
const want = (partition: number, offset: number): Wanted => ({
  state: new PartitionState({ topic: 'orders', partition }, offset),
  topicId,
  leaderEpoch: 0,
})
const offsetsOf = (wanted: readonly Wanted[]): Map<PartitionState, number> =>
  new Map(wanted.map(({ state }) => [state, state.fetchOffset]))
const partitionsOf = (wanted: readonly Wanted[]): number[] => wanted.map(({ state }) => state.partition)

test('the first request says everything, the next only what changed', () => {
  const session = new FetchSession()
  const wanted = [want(0, 5), want(1, 5)]
  assert.deepEqual(partitionsOf(session.plan(wanted).changed), [0, 1])
  session.accepted(9, wanted, offsetsOf(wanted))
  wanted[1]!.state.moveTo(8)
  const plan = session.plan(wanted)
  assert.deepEqual([plan.sessionId, plan.sessionEpoch, partitionsOf(plan.changed)], [9, 1, [1]])
  session.accepted(9, wanted, offsetsOf(wanted))
  assert.deepEqual(session.plan(wanted).changed, [])
  assert.equal(session.plan(wanted).sessionEpoch, 2)
})

test('partitions that are no longer wanted are forgotten, and named anew when they come back', () => {
  const session = new FetchSession()
  const wanted = [want(0, 5), want(1, 5)]
  session.accepted(9, wanted, offsetsOf(wanted))
  const one = wanted.slice(0, 1)
  const plan = session.plan(one)
  assert.deepEqual(
    plan.forgotten.map(({ partition }) => partition),
    [1],
  )
  session.accepted(9, one, offsetsOf(one))
  assert.deepEqual(partitionsOf(session.plan(wanted).changed), [1])
})

test('a broker that keeps no sessions is told everything each time', () => {
  const session = new FetchSession()
  const wanted = [want(0, 5)]
  session.accepted(0, wanted, offsetsOf(wanted))
  const plan = session.plan(wanted)
  assert.deepEqual([plan.sessionId, plan.sessionEpoch, plan.changed.length], [0, 0, 1])
})

test('topics are named by id from version 13 on and by name before', () => {
  const plan = new FetchSession().plan([want(0, 5)])
  const bounds = { maxWaitMs: 1, minBytes: 1, maxBytes: 1, partitionMaxBytes: 1, isolationLevel: 0, rackId: '' }
  assert.equal(fetchBody(13, plan, bounds).topics[0]?.topicId, topicId)
  assert.equal(fetchBody(12, plan, bounds).topics[0]?.topic, 'orders')
  assert.equal(fetchBody(4, plan, bounds).sessionId, undefined)
})
