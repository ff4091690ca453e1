// Appends one at a time, each read back at the tail by a consumer that waits for it.
import { setImmediate as turn } from 'node:timers/promises'
import type { Appender } from './appender.ts'
import { percentile } from './percentile.ts'
import type { Reader } from './reader.ts'

export interface Latencies {
  readonly appendP50Ms: number
  readonly appendP99Ms: number
  readonly readP50Ms: number
  readonly readP99Ms: number
}

/** An append's latency ends with its answer, a tail read's, counted from the same moment, with the batch at the reader. */
export async function roundTrips(appender: Appender, reader: Reader, count: number): Promise<Latencies> {
  const appendMs: number[] = []
  const readMs: number[] = []
  for (let i = 0; i < count; i += 1) {
    const arrived = reader.fetchBytes(appender.batch.length).then(() => performance.now())
    await turn()
    const startMs = performance.now()
    await appender.append()
    appendMs.push(performance.now() - startMs)
    readMs.push((await arrived) - startMs)
  }
  return {
    appendP50Ms: percentile(appendMs, 0.5),
    appendP99Ms: percentile(appendMs, 0.99),
    readP50Ms: percentile(readMs, 0.5),
    readP99Ms: percentile(readMs, 0.99),
  }
}
