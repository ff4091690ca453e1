import assert from 'node:assert/strict'
import { test } from 'node:test'
import { movableClock } from '@millrace/kernel'
import { ColdPace } from './cold-pace.ts'

const [kib, mib] = [1024, 1024 * 1024]

function world() {
  let nowMs = 5_000
  const host = { wallMs: () => nowMs, monotonicMs: () => nowMs, after: () => () => {} }
  const fail = (error: unknown): never => {
    throw error
  }
  return { pace: new ColdPace(movableClock(host, fail)), pass: (ms: number) => void (nowMs += ms) }
}

test('where nobody produces a fetch reads what it likes', () => {
  const { pace, pass } = world()
  assert.equal(pace.take(), Infinity)
  pace.produced()
  assert.ok(pace.take() < Infinity)
  pass(1_000)
  assert.ok(pace.take() < Infinity)
  pass(1)
  assert.equal(pace.take(), Infinity)
})

test('beside producers fetches that follow one another at once read a small piece each', () => {
  const { pace, pass } = world()
  pace.produced()
  pace.take()
  assert.equal(pace.take(), 256 * kib)
  pass(1)
  assert.equal(pace.take(), 256 * kib)
  pass(0.5)
  assert.equal(pace.take(), 256 * kib)
})

test('the longer a fetch was away the more it reads, so that readers keep their rate where turns are long', () => {
  const { pace, pass } = world()
  pace.produced()
  pace.take()
  pass(10)
  assert.equal(pace.take(), 2_560 * kib)
  pass(100)
  assert.equal(pace.take(), 4 * mib)
  assert.equal(pace.take(), 256 * kib)
})
