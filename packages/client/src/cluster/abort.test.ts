import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { systemClock } from '@millrace/connection'
import { abortable, delay, whichever } from './abort.ts'

test('who gives up is told why, and no listener is left on a signal however it ends', async () => {
  const giveUp = new AbortController()
  const { signal } = giveUp
  assert.equal(await abortable(Promise.resolve(1), signal), 1)
  await assert.rejects(abortable(Promise.reject(new Error('its own')), signal), /its own/)
  await delay(systemClock, 1, signal)
  assert.equal(getEventListeners(signal, 'abort').length, 0)
  const waits = [abortable(new Promise(() => {}), signal), delay(systemClock, 1_000_000, signal)]
  giveUp.abort(new Error('enough'))
  for (const wait of waits) await assert.rejects(wait, /enough/)
  assert.equal(getEventListeners(signal, 'abort').length, 0)
})

test('any number of waits on a signal are one listener of its own, which goes with the last', async () => {
  const giveUp = new AbortController()
  const { signal } = giveUp
  const work = Promise.withResolvers<number>()
  const waits = [abortable(work.promise, signal), abortable(work.promise, signal)]
  const endless = abortable(new Promise(() => {}), signal)
  assert.equal(getEventListeners(signal, 'abort').length, 1)
  work.resolve(2)
  assert.deepEqual(await Promise.all(waits), [2, 2])
  assert.equal(getEventListeners(signal, 'abort').length, 1)
  giveUp.abort(new Error('enough'))
  await assert.rejects(endless, /enough/)
  assert.equal(getEventListeners(signal, 'abort').length, 0)
})

test('a signal that is set already ends a wait at once', async () => {
  const signal = AbortSignal.abort(new Error('before'))
  await assert.rejects(abortable(new Promise(() => {}), signal), /before/)
  await assert.rejects(delay(systemClock, 1_000_000, signal), /before/)
})

test('of two signals whichever comes first ends a wait', () => {
  const [mine, theirs] = [new AbortController(), new AbortController()]
  const either = whichever(mine.signal, theirs.signal)
  theirs.abort(new Error('closed'))
  assert.match(String(either.reason), /closed/)
  assert.equal(whichever(undefined, mine.signal), mine.signal)
})
