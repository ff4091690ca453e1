import { test } from 'node:test'
import { fuzz, newSeed } from './fuzz.ts'

const MiB = 1024 * 1024

test('a broker that is fuzzed for five seconds serves a normal client and has not grown', async (t) => {
  const seed = newSeed()
  t.diagnostic(`seed ${seed}`)
  t.diagnostic(JSON.stringify(await fuzz({ seed, durationMs: 5_000, growthBytesMax: 64 * MiB })))
})
