import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PartitionState } from './partition-state.ts'
import { ServeLater } from './serve-later.ts'

const states = Array.from({ length: 12 }, (_, partition) => new PartitionState({ topic: 'orders', partition }, 0))

/** Twenty things that each partition's next record waits for; how often the reader was served until all were over. */
async function servedFor(end: (over: PromiseWithResolvers<void>) => void): Promise<number> {
  const left = new Map(states.map((state) => [state, Array.from({ length: 20 }, () => Promise.withResolvers<void>())]))
  let served = 0
  const serve = (): void => {
    served += 1
    // Had it been told for each time that it said so, it would be served millions of times.
    if (served > 1_000) return
    for (const [state, waits] of left) if (waits.length > 0) later.after(state, () => waits[0]?.promise)
  }
  const later = new ServeLater(serve, serve)
  serve()
  for (let round = 0; round < 20; round += 1) {
    for (const waits of left.values()) {
      const over = waits.shift()
      if (over !== undefined) end(over)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return served
}

test('a reader is served once for each thing that a partition waits for, however often it says so', async () => {
  assert.equal(await servedFor(({ resolve }) => resolve()), 1 + 12 * 20)
})

test('what fails while a partition waits is told once, and the next is waited for', async () => {
  assert.equal(await servedFor(({ reject }) => reject(new Error('no'))), 1 + 12 * 20)
})
