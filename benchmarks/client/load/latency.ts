// 1,000 records a second, one per call, and how long each took from the call to its answer.
import { recordsOf, type Load, type LoadClient, type Measured } from './load.ts'
import { Window } from './window.ts'

const perMs = 1

export async function latency(load: Load, client: LoadClient): Promise<Measured> {
  const producer = await client.producer(load)
  const records = recordsOf(load)
  const tookMs: number[] = []
  let [sent, answered] = [0, 0]
  let fail: (error: unknown) => void = () => undefined
  const failed = new Promise<never>((_, reject) => (fail = reject))
  const window = new Window({ ...load, count: () => answered })
  const startMs = performance.now()
  const send = (): void => {
    const record = records[sent++ % records.length]
    if (record === undefined) return
    const message = producer.message(record)
    const sentMs = performance.now()
    const counts = window.open
    const done = (): void => {
      answered += 1
      if (counts) tookMs.push(performance.now() - sentMs)
    }
    producer.send([message], done, fail)
  }
  const timer = setInterval(() => {
    while (sent < (performance.now() - startMs) * perMs) send()
  }, 1)
  await Promise.race([window.closed, failed])
  const measured = window.measured()
  clearInterval(timer)
  await producer.close()
  tookMs.sort((a, b) => a - b)
  return { ...measured, p50Ms: percentile(tookMs, 0.5), p99Ms: percentile(tookMs, 0.99) }
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
}
