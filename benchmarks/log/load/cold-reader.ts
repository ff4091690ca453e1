import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { ColdTopic } from './cold-reader-worker.ts'

/** A consumer in a thread of its own, so that its work isn't taken for the broker's. */
export class ColdReader {
  readonly #worker: Worker

  private constructor(worker: Worker) {
    this.#worker = worker
  }

  /** Resolves when it is connected: what a thread costs to start is nobody's consumer. */
  static async start(topic: ColdTopic): Promise<ColdReader> {
    const worker = new Worker(new URL('cold-reader-worker.ts', import.meta.url), { workerData: topic })
    await once(worker, 'message')
    return new ColdReader(worker)
  }

  /** Reads so many bytes of the topic from its start on; resolves with how many seconds that took. */
  async read(bytes: number): Promise<number> {
    const done = once(this.#worker, 'message')
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.#worker.postMessage(bytes)
    const [seconds] = (await done) as [number]
    return seconds
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }
}
