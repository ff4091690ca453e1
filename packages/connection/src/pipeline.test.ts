import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { test } from 'node:test'
import { produceApi } from '@millrace/protocol'
import { answerMemory } from './answer-memory.ts'
import { systemClock } from './host-clock.ts'
import { Pipeline } from './pipeline.ts'
import { Traffic } from './traffic.ts'

/** A pipeline, and the sizes of what was handed to the system at a time. */
function pipeline(): { readonly post: (sizeBytes: number) => Promise<void>; readonly left: number[] } {
  const left: number[] = []
  const socket = new Duplex({
    read: () => {},
    writev: (pieces, done) => {
      left.push(pieces.reduce((sum, { chunk }) => sum + (chunk as Buffer).length, 0))
      done()
    },
  })
  const options = { address: 'broker:9092', inFlightMax: 5, clock: systemClock, memory: answerMemory() }
  const made = new Pipeline(socket as Socket, { ...options, traffic: new Traffic() })
  const post = (sizeBytes: number) => made.post({ api: produceApi, encode: () => [Buffer.alloc(sizeBytes)] })
  return { post, left }
}

test('small requests of one turn leave together when it is over', async () => {
  const { post, left } = pipeline()
  const posted = [post(100), post(200), post(300)]
  assert.deepEqual(left, [])
  await Promise.all(posted)
  assert.deepEqual(left, [600])
})

test('much leaves at once, with what was held back, and what comes later in the turn is held back again', async () => {
  const { post, left } = pipeline()
  const posted = [post(100), post(100_000)]
  assert.deepEqual(left, [100_100])
  posted.push(post(70), post(80))
  assert.deepEqual(left, [100_100])
  await Promise.all(posted)
  assert.deepEqual(left, [100_100, 150])
})
