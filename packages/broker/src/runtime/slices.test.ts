import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostClock } from '@millrace/kernel'
import { mapInSlices, Slices } from './slices.ts'

function source(itemMs: number) {
  const state = { nowMs: 0, turns: 0, worst: 0, sliceStartMs: 0 }
  const host = { wallMs: () => 0, monotonicMs: () => state.nowMs, after: () => () => {} }
  const endOfTurn = async (): Promise<void> => {
    state.turns += 1
    state.worst = Math.max(state.worst, state.nowMs - state.sliceStartMs)
    state.sliceStartMs = state.nowMs
  }
  const work = (item: number): number => {
    state.nowMs += itemMs
    return item * 2
  }
  return { state, work, slices: new Slices({ clock: hostClock(host, assert.ifError), services: { endOfTurn } }) }
}

const items = Array.from({ length: 1_000 }, (_, i) => i)
const doubled = items.map((item) => item * 2)

test('work that is done in no time has one turn', async () => {
  const { state, work, slices } = source(0.001)
  assert.deepEqual(await mapInSlices(items, slices, work), doubled)
  assert.equal(state.turns, 0)
})

test('long work is cut so that no turn takes much longer than five milliseconds', async () => {
  const { state, work, slices } = source(0.1)
  assert.deepEqual(await mapInSlices(items, slices, work), doubled)
  assert.ok(state.turns >= 15, `${state.turns} turns`)
  assert.ok(state.worst < 6, `${state.worst} ms in one turn`)
})
