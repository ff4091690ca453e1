import { test } from 'node:test'
import { fuzz, newSeed } from '../hostile/fuzz.ts'

const MiB = 1024 * 1024
// Measured: 60 MiB after 80 seconds and no more from then on, of which 20 are the thread that compacts, 8 the tail in memory.
const growthBytesMax = 96 * MiB
const seconds = Number(process.env['FUZZ_SECONDS'] ?? 90)

for (const run of [1, 2]) {
  test(`a broker that is fuzzed for ${seconds} seconds serves a normal client and has not grown, ${run}`, async (t) => {
    const seed = newSeed() + run - 1
    t.diagnostic(`seed ${seed}`)
    t.diagnostic(JSON.stringify(await fuzz({ seed, durationMs: seconds * 1_000, growthBytesMax })))
  })
}
