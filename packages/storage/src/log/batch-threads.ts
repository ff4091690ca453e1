import { Worker } from 'node:worker_threads'
import { workerArguments, workerUrl } from '../io/worker-url.ts'
import type { BatchReply, BatchRequest } from './batch-worker.ts'
import type { CheckContext, CheckedBatch } from './check-client-append.ts'

/** Where large batches are looked into and compressed anew, so that the event loop isn't held by it. */
export interface BatchThreads {
  /** What `rewriteBatch` gives. The bytes stay as they are. Rejects where the thread dies. */
  rewrite(bytes: Uint8Array, context: CheckContext): Promise<CheckedBatch>
}

interface Job {
  readonly request: BatchRequest
  resolve(checked: CheckedBatch): void
  reject(error: Error): void
}

// A batch may expand to 128 MiB by default: what lies outside of V8's heap isn't counted here.
const resourceLimits = { maxOldGenerationSizeMb: 256 }

/**
 * A few threads, each with one batch at a time; the next waits until one is free. Threads are started when they are first
 * needed, and one that dies takes only its batch with it. `entry` is what they run, for tests of how they die.
 */
export class BatchThreadPool implements BatchThreads {
  readonly #threadsMax: number
  readonly #entry: URL
  readonly #idle: Worker[] = []
  readonly #busy = new Map<Worker, Job>()
  readonly #waiting: Job[] = []

  constructor(threadsMax: number, entry: URL = workerUrl('./batch-worker', import.meta.url)) {
    this.#threadsMax = threadsMax
    this.#entry = entry
  }

  rewrite(bytes: Uint8Array, context: CheckContext): Promise<CheckedBatch> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request: { bytes, context }, resolve, reject })
      this.#next()
    })
  }

  #next(): void {
    if (this.#waiting.length === 0) return
    const worker = this.#idle.pop() ?? (this.#busy.size < this.#threadsMax ? this.#start() : undefined)
    const job = worker === undefined ? undefined : this.#waiting.shift()
    if (worker === undefined || job === undefined) return
    this.#busy.set(worker, job)
    // The process stays alive for as long as there is something to do, and no longer.
    worker.ref()
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window's
    worker.postMessage(job.request)
  }

  #start(): Worker {
    const execArgv = workerArguments(import.meta.url)
    const worker = new Worker(this.#entry, { name: 'millrace-batches', execArgv, resourceLimits })
    let reason: unknown = new Error('it ended')
    worker.on('message', (reply: BatchReply) => this.#hear(worker, reply))
    worker.on('error', (error) => (reason = error))
    worker.on('exit', () => this.#died(worker, reason))
    return worker
  }

  #hear(worker: Worker, reply: BatchReply): void {
    const job = this.#busy.get(worker)
    this.#busy.delete(worker)
    this.#idle.push(worker)
    worker.unref()
    this.#next()
    if ('checked' in reply) job?.resolve(reply.checked)
    else job?.reject(new Error(reply.error))
  }

  #died(worker: Worker, reason: unknown): void {
    const job = this.#busy.get(worker)
    this.#busy.delete(worker)
    const at = this.#idle.indexOf(worker)
    if (at >= 0) this.#idle.splice(at, 1)
    this.#next()
    job?.reject(new Error('the thread that compressed a batch died', { cause: reason }))
  }
}

// Of the machine's cores one is the event loop's; a broker that compresses more than this is better off with a second one.
const threadsMax = 2

/** Those of this process, which all its brokers share. */
export const sharedBatchThreads: BatchThreads = new BatchThreadPool(threadsMax)
