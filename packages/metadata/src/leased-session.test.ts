import type { MovableClock } from '@millrace/kernel'
import { movableClock } from '@millrace/kernel'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Renewal } from './leased-session.ts'
import { LeasedSession } from './leased-session.ts'

const ttlMs = 3_000

function frozenClock(): MovableClock {
  const clock = movableClock({ wallMs: () => 0, monotonicMs: () => 0, after: () => () => {} }, (error) => {
    throw error
  })
  clock.freeze()
  return clock
}

/** A session whose store answers what the test says. */
function sessionOf(clock: MovableClock, renew: () => Promise<Renewal>) {
  const ended: string[] = []
  const session = new LeasedSession('s', ttlMs, clock.monotonicMs(), clock, {
    renew,
    end: () => {
      ended.push('s')
      return Promise.resolve()
    },
  })
  return { session, ended }
}

test('a session vouches for 0.7 of its time after the last renewal was sent', async () => {
  const clock = frozenClock()
  let answer: Renewal = 'alive'
  const { session } = sessionOf(clock, () => Promise.resolve(answer))
  await clock.advance(1_000)
  assert.equal(session.renewedAtMs, 1_000)
  answer = 'unknown'
  await clock.advance(2_099)
  assert.equal(session.vouches(), true)
  await clock.advance(1)
  assert.equal(session.vouches(), false)
})

test('a renewal counts from when it was sent, not from when it was answered', async () => {
  const clock = frozenClock()
  const { promise, resolve } = Promise.withResolvers<Renewal>()
  const { session } = sessionOf(clock, () => promise)
  void clock.advance(1_000)
  await Promise.resolve()
  void clock.advance(1_500)
  resolve('alive')
  await promise
  await Promise.resolve()
  assert.equal(session.renewedAtMs, 1_000)
})

test('a store that does not answer is asked again, and the session lives when it does', async () => {
  const clock = frozenClock()
  const answers: Renewal[] = ['unknown', 'unknown', 'unknown', 'alive']
  const { session } = sessionOf(clock, () => Promise.resolve(answers.shift() ?? 'alive'))
  await clock.advance(3_999)
  assert.equal(session.vouches(), false)
  await clock.advance(1)
  assert.equal(session.vouches(), true)
})

test('who is told that the session is gone is told once, and it is renewed no more', async () => {
  const clock = frozenClock()
  let renewals = 0
  const { session } = sessionOf(clock, () => {
    renewals += 1
    return Promise.resolve<Renewal>('gone')
  })
  let told = 0
  session.onLost(() => (told += 1))
  await clock.advance(10_000)
  assert.deepEqual([told, renewals, session.vouches()], [1, 1, false])
  session.onLost(() => (told += 1))
  assert.equal(told, 2)
})

test('a session is ended once, and an abandoned one not at all', async () => {
  const clock = frozenClock()
  const closed = sessionOf(clock, () => Promise.resolve('alive'))
  await closed.session.close()
  await closed.session.close()
  assert.deepEqual(closed.ended, ['s'])
  const abandoned = sessionOf(clock, () => Promise.resolve('alive'))
  abandoned.session.abandon()
  await abandoned.session.close()
  assert.deepEqual([abandoned.ended, abandoned.session.vouches()], [[], false])
})
