import { assert } from './assert.ts'
import type { Clock, HostTime, Timer, TimerWork } from './clock.ts'
import { afterAny, runWork } from './clock.ts'

interface Pending {
  dueMs: number
  readonly order: number
  readonly work: TimerWork
  cancelHost: () => void
}

/**
 * A clock that a test moves. It runs with the host's time, and `advance` puts it ahead, fires what falls due in
 * order and resolves when that work is done; `freeze` stops it, so that only `advance` moves it.
 */
export interface MovableClock extends Clock {
  /** By milliseconds or by text such as `90s`, `15m`, `12h`, `7d`. */
  advance(by: number | string, options?: { readonly keepSessions?: boolean }): Promise<void>
  freeze(): void
  unfreeze(): void
}

export function movableClock(host: HostTime, onError: (error: unknown) => void): MovableClock {
  const main = new Track(host, onError)
  const sessionsTrack = new Track(host, onError)
  const sessions: Clock = asClock(sessionsTrack, () => sessions)
  const both = [main, sessionsTrack]
  return {
    ...asClock(main, () => sessions),
    get sessions() {
      return sessions
    },
    freeze: () => both.forEach((track) => track.freeze()),
    unfreeze: () => both.forEach((track) => track.unfreeze()),
    advance: (by, options = {}) => advanceTogether(options.keepSessions === true ? [main] : both, durationMs(by)),
  }
}

function asClock(track: Track, sessions: () => Clock): Clock {
  return {
    wallMs: () => track.wallMs(),
    monotonicMs: () => track.monotonicMs(),
    setTimer: (delayMs, work) => track.setTimer(delayMs, work),
    get sessions() {
      return sessions()
    },
  }
}

// Timers of both tracks fire in one order of time; a timer that work sets while we advance still counts if it falls due.
async function advanceTogether(tracks: readonly Track[], byMs: number): Promise<void> {
  assert(byMs >= 0, `time goes forward: got ${byMs} ms`)
  for (const track of tracks) track.beginMove()
  try {
    await fireInOrder(tracks, byMs)
  } finally {
    for (const track of tracks) track.endMove()
  }
}

async function fireInOrder(tracks: readonly Track[], byMs: number): Promise<void> {
  let leftMs = byMs
  for (;;) {
    const waitsMs = tracks.map((track) => track.nextDueInMs())
    const stepMs = Math.max(0, Math.min(leftMs, ...waitsMs))
    for (const track of tracks) track.skip(stepMs)
    leftMs -= stepMs
    const due = tracks.find((track) => track.nextDueInMs() <= 0)
    if (due !== undefined) await due.fireNext()
    else if (leftMs <= 0) return
  }
}

class Track {
  readonly #host: HostTime
  readonly #onError: (error: unknown) => void
  readonly #pending = new Set<Pending>()
  #aheadMs = 0
  #frozenAtMs: { wallMs: number; monotonicMs: number } | undefined
  #order = 0
  /** How many moves are under way: the host's timers are set anew when the last one ends, not at each step. */
  #moves = 0

  constructor(host: HostTime, onError: (error: unknown) => void) {
    this.#host = host
    this.#onError = onError
  }

  // Timers fall due between two whole milliseconds, which is no time since the epoch that a record may have.
  wallMs(): number {
    return Math.round((this.#frozenAtMs?.wallMs ?? this.#host.wallMs()) + this.#aheadMs)
  }

  monotonicMs(): number {
    return (this.#frozenAtMs?.monotonicMs ?? this.#host.monotonicMs()) + this.#aheadMs
  }

  setTimer(delayMs: number, work: TimerWork): Timer {
    this.#order += 1
    const pending: Pending = { dueMs: this.monotonicMs() + delayMs, order: this.#order, work, cancelHost: () => {} }
    this.#pending.add(pending)
    this.#arm(pending)
    return {
      cancel: () => {
        pending.cancelHost()
        this.#pending.delete(pending)
      },
    }
  }

  freeze(): void {
    this.#frozenAtMs ??= { wallMs: this.#host.wallMs(), monotonicMs: this.#host.monotonicMs() }
    for (const pending of this.#pending) pending.cancelHost()
  }

  unfreeze(): void {
    const frozen = this.#frozenAtMs
    if (frozen === undefined) return
    // It goes on from where it stood: time that passed meanwhile didn't happen.
    this.#aheadMs -= this.#host.monotonicMs() - frozen.monotonicMs
    this.#frozenAtMs = undefined
    this.#rearm()
  }

  beginMove(): void {
    this.#moves += 1
    for (const pending of this.#pending) pending.cancelHost()
  }

  endMove(): void {
    this.#moves -= 1
    if (this.#moves === 0) this.#rearm()
  }

  skip(ms: number): void {
    this.#aheadMs += ms
  }

  nextDueInMs(): number {
    const next = this.#next()
    return next === undefined ? Infinity : next.dueMs - this.monotonicMs()
  }

  async fireNext(): Promise<void> {
    const next = this.#next()
    if (next !== undefined) await this.#fire(next)
  }

  #next(): Pending | undefined {
    let first: Pending | undefined
    for (const pending of this.#pending) {
      const earlier =
        first === undefined ||
        pending.dueMs < first.dueMs ||
        (pending.dueMs === first.dueMs && pending.order < first.order)
      if (earlier) first = pending
    }
    return first
  }

  async #fire(pending: Pending): Promise<void> {
    pending.cancelHost()
    this.#pending.delete(pending)
    await runWork(pending.work, this.#onError)
  }

  #arm(pending: Pending): void {
    if (this.#frozenAtMs !== undefined || this.#moves > 0) return
    const delayMs = Math.max(0, pending.dueMs - this.monotonicMs())
    pending.cancelHost = afterAny(this.#host, delayMs, () => void this.#fire(pending))
  }

  #rearm(): void {
    for (const pending of this.#pending) {
      pending.cancelHost()
      this.#arm(pending)
    }
  }
}

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds of a number or of text like `250ms`, `90s`, `7d`. */
export function durationMs(duration: number | string): number {
  if (typeof duration === 'number') return duration
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(duration.trim())
  const unitMs = unitsMs[match?.[2] ?? '']
  if (match === null || unitMs === undefined) {
    throw new RangeError(`not a duration: got '${duration}', expected a number and ms, s, m, h or d, such as '7d'`)
  }
  return Number(match[1]) * unitMs
}
