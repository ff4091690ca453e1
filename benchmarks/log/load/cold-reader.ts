import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { ColdRead } from './cold-reader-worker.ts'

/** Reads the whole topic from its start; resolves with how many seconds that took. */
export async function readCold(read: ColdRead): Promise<number> {
  const worker = new Worker(new URL('cold-reader-worker.ts', import.meta.url), { workerData: read })
  // Listened to together: a thread that ends at once says both in one go.
  const [[seconds]] = await Promise.all([once(worker, 'message') as Promise<[number]>, once(worker, 'exit')])
  return seconds
}
