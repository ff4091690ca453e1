import type { Timer } from '@millrace/kernel'
import { errorMessage } from '@millrace/kernel'
import type { Log } from '../log/log.ts'
import type { LogContext } from '../log/log-context.ts'
import type { LogManagerSettings } from '../log/partition-log.ts'
import { Activity } from './activity.ts'
import type { CleanableRange } from './cleanable.ts'
import { cleanableRange, mayBeDirty, shouldClean } from './cleanable.ts'
import { CleanerRecord } from './cleaner-record.ts'
import { compactLog } from './compact-log.ts'
import type { FailureOf, JobOutcome } from './compaction-job.ts'
import type { CompactionThread } from './compaction-thread.ts'
import { IoBudget } from './io-budget.ts'

/** What the cleaner works on. */
export interface CleanerHome {
  logs(): Iterable<Log>
  /** The first offset of a log that compaction has not looked at; undefined where it never did. */
  cleanedUntil(log: Log): number | undefined
  /** Keeps it in `cleaner-offset-checkpoint` of the log's directory. */
  setCleanedUntil(log: Log, offset: number): Promise<void>
  /** Makes a thread that jobs run in; told when it dies under one. */
  newThread(onDeath: (reason: string) => void): CompactionThread
  /** Gives others their turn. */
  pause(): Promise<void>
}

// A thread that has nothing to do ends after this: the next log is likely to be dirty soon, and a start costs 50 ms.
const threadIdleMs = 60_000

interface Choice {
  readonly log: Log
  readonly range: CleanableRange
}

/** Compacts the logs whose policy says so, the one with the most to gain first, in `log.cleaner.threads` threads. */
export class Cleaner {
  readonly record: CleanerRecord
  readonly #context: LogContext
  readonly #home: CleanerHome
  readonly #activity = new Activity()
  readonly #budget: IoBudget
  readonly #underWay = new Map<Log, AbortController>()
  /** Whose thread died in their last run. */
  readonly #suspects = new WeakSet<Log>()
  #idleThreads: CompactionThread[] = []
  #working = 0
  #timer: Timer | undefined
  #idleTimer: Timer | undefined
  #stopped = false

  constructor(context: LogContext, home: CleanerHome) {
    this.#context = context
    this.#home = home
    this.#budget = new IoBudget(context.clock, this.#activity, context.settings.cleanerIoMaxBytesPerSecond)
    this.record = new CleanerRecord(context)
  }

  /** Whether its segments are being read and replaced: whoever would remove some waits. */
  isCompacting(log: Log): boolean {
    return this.#underWay.has(log)
  }

  reconfigured(settings: LogManagerSettings): void {
    this.#budget.setRate(settings.cleanerIoMaxBytesPerSecond)
    this.#wakeLater()
  }

  /** There may be something to do for this log. Only then is there a timer: an idle broker sets none. */
  wake(log: Log): void {
    if (this.#isCandidate(log)) this.#setTimer()
  }

  #wakeLater(): void {
    for (const log of this.#home.logs()) {
      if (this.#isCandidate(log)) return this.#setTimer()
    }
  }

  #isCandidate(log: Log): boolean {
    const { state } = log
    const isCompacted = state.config.cleanupPolicy.includes('compact') && !log.offline && state.copy === undefined
    if (!isCompacted || this.#underWay.has(log) || this.record.isUncleanable(log)) return false
    return mayBeDirty(state, this.#home.cleanedUntil(log))
  }

  #setTimer(): void {
    const { cleanerEnable, cleanerThreads, cleanerBackoffMs } = this.#context.settings
    const hasRoom = this.#working < cleanerThreads
    if (!cleanerEnable || this.#stopped || this.#timer !== undefined || !hasRoom) return
    this.#timer = this.#context.clock.setTimer(cleanerBackoffMs, () => {
      this.#timer = undefined
      for (let free = this.#context.settings.cleanerThreads - this.#working; free > 0; free -= 1) void this.#work()
      return this.#activity.whenQuiet()
    })
  }

  /** One thread's work: log after log, as long as one is worth it. */
  async #work(): Promise<void> {
    this.#working += 1
    this.#activity.begin()
    const thread = this.#takeThread()
    try {
      while (!this.#stopped) {
        const choice = await this.#chooseDirtiest()
        if (choice === undefined) break
        const going = await this.#compact(choice, thread)
        if (!going) break
      }
    } catch (error) {
      this.#context.logger.error('compaction went wrong', { error: errorMessage(error) })
    } finally {
      this.#working -= 1
      this.#giveBack(thread)
      this.#wakeLater()
      this.#activity.end()
    }
  }

  #takeThread(): CompactionThread {
    this.#idleTimer?.cancel()
    this.#idleTimer = undefined
    return (
      this.#idleThreads.pop() ??
      this.#home.newThread((reason) => this.#context.logger.error('a thread that compacts logs died', { reason }))
    )
  }

  #giveBack(thread: CompactionThread): void {
    this.#idleThreads.push(thread)
    if (this.#working > 0 || this.#stopped) return
    this.#idleTimer = this.#context.clock.setTimer(threadIdleMs, () => this.#closeThreads())
  }

  async #closeThreads(): Promise<void> {
    const idle = this.#idleThreads
    this.#idleThreads = []
    await Promise.all(idle.map((thread) => thread.close()))
  }

  /** The log with the largest dirty part of those that are worth it; it is taken before anybody else looks. */
  async #chooseDirtiest(): Promise<Choice | undefined> {
    const nowMs = this.#context.clock.wallMs()
    const look = this.record.beginLook(nowMs)
    let best: Choice | undefined
    for (const log of Array.from(this.#home.logs())) {
      if (!this.#isCandidate(log)) continue
      const range = await this.#rangeOf(log, nowMs)
      if (range === undefined) continue
      look.saw(range)
      const isBetter = best === undefined || range.dirtyRatio > best.range.dirtyRatio
      if (shouldClean(log.state, range) && isBetter && !this.#underWay.has(log)) best = { log, range }
    }
    look.end()
    // Another thread may have taken it while this one looked at the others.
    if (best !== undefined && this.#underWay.has(best.log)) return this.#chooseDirtiest()
    if (best !== undefined) this.#underWay.set(best.log, new AbortController())
    return best
  }

  async #rangeOf(log: Log, nowMs: number): Promise<CleanableRange | undefined> {
    try {
      return await cleanableRange(log.state, this.#home.cleanedUntil(log), nowMs, () => this.#home.pause())
    } catch (error) {
      // It may have lost segments while we looked; what is wrong with it otherwise shows when it is read or compacted.
      this.#context.logger.debug('a log could not be looked at', {
        partition: log.state.name,
        error: errorMessage(error),
      })
      return undefined
    }
  }

  /** Says whether the thread goes on with the next log at once, or after a rest. */
  async #compact({ log, range }: Choice, thread: CompactionThread): Promise<boolean> {
    const stop = this.#underWay.get(log) ?? new AbortController()
    const startedMs = this.#context.clock.monotonicMs()
    const bytesBefore = log.sizeBytes
    try {
      const outcome = await this.#run(log, range, thread, stop)
      if (outcome.kind !== 'done') return this.#end(log, outcome)
      this.#suspects.delete(log)
      const tookMs = this.#context.clock.monotonicMs() - startedMs
      this.record.compacted(log, { range, outcome, tookMs, bytesBefore })
      return true
    } finally {
      this.#underWay.delete(log)
      // Retention waited for us, see `isCompacting`.
      if (!log.offline && !this.#stopped) log.applyRetention()
    }
  }

  async #run(log: Log, range: CleanableRange, thread: CompactionThread, stop: AbortController): Promise<JobOutcome> {
    // A recovery takes offsets that are missing past the recovery point for lost ones: it must lie behind those that
    // compaction takes away.
    await log.flush()
    await log.state.home.checkpointRecoveryPointsLater()
    if (stop.signal.aborted) return { kind: 'abandoned' }
    let saved: Promise<void> | undefined
    const outcome = await compactLog(log.state, range, {
      thread,
      budget: this.#budget,
      pause: () => this.#home.pause(),
      stop,
      onDone: (endOffset) => {
        saved = this.#home.setCleanedUntil(log, endOffset)
      },
    })
    await saved
    return outcome
  }

  #end(log: Log, outcome: Exclude<JobOutcome, { kind: 'done' }>): boolean {
    const fields = { partition: log.state.name }
    if (outcome.kind === 'abandoned' || log.offline) {
      this.#context.logger.debug('a compaction was abandoned and will be tried again', fields)
      return false
    }
    this.#failed(log, outcome.of, outcome.message)
    return outcome.of === 'log'
  }

  #failed(log: Log, of: FailureOf, message: string): void {
    const { logger } = this.#context
    const fields = { partition: log.state.name, error: message }
    if (of === 'device') log.state.home.fail(`compaction of ${log.state.folder} failed: ${message}`)
    else if (of === 'shortage') logger.warn('a compaction found no room and will be tried again', fields)
    else if (of === 'thread' && !this.#suspects.has(log)) {
      this.#suspects.add(log)
      logger.warn('a compaction lost its thread and will be tried again', fields)
    } else this.record.uncleanable(log, message)
  }

  /** Nothing touches any log after that. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    this.#idleTimer?.cancel()
    for (const stop of this.#underWay.values()) stop.abort()
    await this.#activity.whenQuiet()
    await this.#closeThreads()
  }
}
