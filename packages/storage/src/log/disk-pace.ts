import type { LogContext } from './log-context.ts'

// A write into the page cache takes microseconds; one that takes this long waited for a device.
const slowWriteMs = 100
// So long after the last slow write the directory is written in its callers' turns again.
const calmMs = 30_000
// A write that takes this long will never end, as far as anybody who waits for it is concerned.
const hungWriteMs = 30_000

/**
 * Lets so many reads of one directory be under way. All reads share libuv's four threads: without a bound those of a disk
 * that hangs would take them all.
 */
export class ReadGate {
  readonly #max: number
  readonly #waiting: (() => void)[] = []
  #underWay = 0

  constructor(max: number) {
    this.#max = max
  }

  async run<Result>(read: () => Promise<Result>): Promise<Result> {
    if (this.#underWay >= this.#max) await new Promise<void>((resolve) => void this.#waiting.push(resolve))
    else this.#underWay += 1
    try {
      return await read()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#underWay -= 1
      else next()
    }
  }
}

/** How a log directory's disk takes writes: at once, slowly, or not at all. */
export class DiskPace {
  readonly #path: string
  readonly #context: LogContext
  readonly #fail: (reason: string) => void
  #slowUntilMs: number | undefined

  constructor(path: string, context: LogContext, fail: (reason: string) => void) {
    this.#path = path
    this.#context = context
    this.#fail = fail
  }

  get isSlow(): boolean {
    if (this.#slowUntilMs === undefined) return false
    if (this.#context.clock.monotonicMs() < this.#slowUntilMs) return true
    this.#slowUntilMs = undefined
    this.#context.logger.info('a log directory is written at once again', { directory: this.#path })
    return false
  }

  writeTook(ms: number): void {
    if (ms <= slowWriteMs) return
    if (this.#slowUntilMs === undefined) {
      const fields = { directory: this.#path, tookMs: Math.round(ms) }
      this.#context.logger.warn('a log directory has turned slow and is written in a thread of its own', fields)
    }
    this.#slowUntilMs = this.#context.clock.monotonicMs() + calmMs
  }

  /** Runs a write that is made in another thread. Takes the directory offline where it doesn't end. */
  async writeLater(write: () => Promise<void>): Promise<void> {
    const { clock } = this.#context
    const startMs = clock.monotonicMs()
    const { promise: hung, reject } = Promise.withResolvers<void>()
    const timer = clock.setTimer(hungWriteMs, () => {
      const reason = `a write has not ended after ${hungWriteMs} ms`
      this.#fail(reason)
      reject(new Error(reason))
    })
    try {
      await Promise.race([write(), hung])
    } finally {
      timer.cancel()
      this.writeTook(clock.monotonicMs() - startMs)
    }
  }
}
