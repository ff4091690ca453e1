import { test } from 'node:test'
import { fuzz, newSeed } from '../hostile/fuzz.ts'

const MiB = 1024 * 1024
const seconds = Number(process.env['FUZZ_SECONDS'] ?? 90)

for (const run of [1, 2]) {
  test(`a broker that is fuzzed for ${seconds} seconds serves a normal client and has not grown, ${run}`, async (t) => {
    const seed = newSeed() + run - 1
    t.diagnostic(`seed ${seed}`)
    const { conversations } = await fuzz({ seed, durationMs: seconds * 1_000, growthBytesMax: 150 * MiB })
    t.diagnostic(`${conversations} connections`)
  })
}
