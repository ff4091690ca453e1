import { errorMessage } from '@millrace/kernel'
import { Worker } from 'node:worker_threads'
import { workerArguments, workerUrl } from '../io/worker-url.ts'
import type { CompactionJob, JobOutcome } from './compaction-job.ts'
import type { CompactionThread, JobCalls } from './compaction-thread.ts'
import { outcomeOf } from './job-outcome.ts'
import type { ToLoop, ToWorker } from './worker-messages.ts'
import { cellCount, limitedCell, stopCell } from './worker-messages.ts'

/**
 * Runs jobs in a worker thread. One that dies takes only its job with it; the next job starts another. `entry` is what
 * it runs, for tests of how it dies.
 */
export function workerThread(
  synced: boolean,
  onDeath: (reason: string) => void,
  entry: URL = workerUrl('./compaction-worker', import.meta.url),
): CompactionThread {
  return new CompactionWorker(synced, onDeath, entry)
}

// Its buffers lie outside of this; inside are the last entries of producers, 100 bytes each.
const resourceLimits = { maxOldGenerationSizeMb: 256 }

interface Running {
  readonly calls: JobCalls
  end(outcome: JobOutcome): void
  /** What went wrong on this side: the worker is told to stop and knows nothing of it. */
  failure?: JobOutcome
}

/** Keeps the cells as the calls are; returns how to stop that. */
function watch(calls: JobCalls, cells: Int32Array): () => void {
  const stop = (): void => void Atomics.store(cells, stopCell, 1)
  const limit = (): void => void Atomics.store(cells, limitedCell, calls.budget.limited ? 1 : 0)
  calls.stop.addEventListener('abort', stop)
  const unwatchBudget = calls.budget.onChange(limit)
  limit()
  return () => {
    calls.stop.removeEventListener('abort', stop)
    unwatchBudget()
  }
}

class CompactionWorker implements CompactionThread {
  readonly #synced: boolean
  readonly #onDeath: (reason: string) => void
  readonly #entry: URL
  #worker: Worker | undefined
  #running: Running | undefined

  constructor(synced: boolean, onDeath: (reason: string) => void, entry: URL) {
    this.#synced = synced
    this.#onDeath = onDeath
    this.#entry = entry
  }

  async run(job: CompactionJob, calls: JobCalls): Promise<JobOutcome> {
    if (calls.stop.aborted) return { kind: 'abandoned' }
    const cells = new Int32Array(new SharedArrayBuffer(4 * cellCount))
    const unwatch = watch(calls, cells)
    try {
      return await new Promise<JobOutcome>((resolve) => {
        this.#running = { calls, end: resolve }
        this.#send({ kind: 'run', job, cells, synced: this.#synced })
        // The process stays alive for as long as there is something to do, and no longer.
        this.#worker?.ref()
      })
    } finally {
      this.#running = undefined
      this.#worker?.unref()
      unwatch()
    }
  }

  #send(message: ToWorker): void {
    this.#worker ??= this.#start()
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window's
    this.#worker.postMessage(message)
  }

  #start(): Worker {
    const execArgv = workerArguments(import.meta.url)
    const worker = new Worker(this.#entry, { name: 'millrace-compaction', execArgv, resourceLimits })
    let reason = 'it ended'
    worker.on('message', (message: ToLoop) => this.#hear(message))
    worker.on('error', (error) => (reason = errorMessage(error)))
    worker.on('exit', () => this.#died(worker, reason))
    return worker
  }

  #died(worker: Worker, reason: string): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    this.#onDeath(reason)
    this.#end({ kind: 'failed', of: 'thread', message: `the thread that compacted it died: ${reason}` })
  }

  #hear(message: ToLoop): void {
    if (message.kind === 'ended') this.#end(this.#running?.failure ?? message.outcome)
    else void this.#answer(message)
  }

  #end(outcome: JobOutcome): void {
    this.#running?.end(outcome)
  }

  async #answer(message: Exclude<ToLoop, { kind: 'ended' }>): Promise<void> {
    const running = this.#running
    if (running === undefined) return
    const { calls } = running
    try {
      if (message.kind === 'spend') await calls.budget.spend(message.bytes, calls.stop)
      else await calls.swap(message.replaced, message.cleaned)
    } catch (error) {
      running.failure = outcomeOf(error)
    }
    // It may have died meanwhile.
    if (this.#running === running)
      this.#send({ kind: 'answer', going: !calls.stop.aborted && running.failure === undefined })
  }

  async close(): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    this.#end({ kind: 'abandoned' })
    await worker?.terminate()
  }
}
