import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { PassThrough, Writable } from 'node:stream'
import { test } from 'node:test'
import { systemClock } from '@millrace/connection'
import { Flow } from './flow.ts'

test('a reset that an end bears only when it is connected lets nothing more pass meanwhile', async () => {
  const from = new PassThrough()
  const passed: Buffer[] = []
  // As a socket that is still connecting, it isn't destroyed by the reset.
  const to = new Writable({
    write: (bytes: Buffer, _, done) => {
      passed.push(bytes)
      done()
    },
  })
  let resets = 0
  const flow = new Flow(from as unknown as Socket, to as unknown as Socket, systemClock, () => (resets += 1))
  flow.faults = { resetAfterBytes: 3 }
  from.write('abcdef')
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual([Buffer.concat(passed).toString(), resets], ['abc', 1])
})
