import assert from 'node:assert/strict'
import { test } from 'node:test'
import { movableClock } from '@millrace/kernel'
import { Reconnects } from './reconnects.ts'
import { settingsOf } from './settings.ts'

const still = { wallMs: () => 0, monotonicMs: () => 0, after: () => () => {} }

function world() {
  const clock = movableClock(still, (error) => assert.ifError(error))
  const settings = { ...settingsOf({ bootstrapServers: 'b' }), clock }
  return { clock, reconnects: new Reconnects(settings) }
}

const about = (ms: number, expectedMs: number): void =>
  assert.ok(ms >= 0.8 * expectedMs && ms <= 1.2 * expectedMs, `${ms} is not about ${expectedMs}`)

test('pauses double from reconnect.backoff.ms to four fifths of its maximum at most, with a fifth of chance', async () => {
  const { clock, reconnects } = world()
  assert.equal(reconnects.waitMs('b:1'), 0)
  for (const expected of [50, 100, 200, 400, 700, 700, 700]) {
    reconnects.failed('b:1')
    // A second lane that fails at the same time.
    reconnects.failed('b:1')
    about(reconnects.waitMs('b:1'), expected)
    assert.ok(reconnects.waitMs('b:1') <= 800, 'who waits for the broker is there a second after its return')
    await clock.advance(2_000)
  }
  assert.equal(reconnects.waitMs('b:2'), 0)
})

test('a pause runs out with time, and success forgets what was', async () => {
  const { clock, reconnects } = world()
  reconnects.failed('b:1')
  await clock.advance(60)
  assert.equal(reconnects.waitMs('b:1'), 0)
  reconnects.succeeded('b:1')
  reconnects.failed('b:1')
  about(reconnects.waitMs('b:1'), 50)
})

test('an attempt after failures may take longer, up to socket.connection.setup.timeout.max.ms', async () => {
  const { clock, reconnects } = world()
  assert.equal(reconnects.setupTimeoutMs('b:1'), 10_000)
  reconnects.failed('b:1')
  about(reconnects.setupTimeoutMs('b:1'), 20_000)
  for (let i = 0; i < 5; i += 1) {
    await clock.advance(2_000)
    reconnects.failed('b:1')
  }
  about(reconnects.setupTimeoutMs('b:1'), 30_000)
})
