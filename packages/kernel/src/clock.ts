/** A timer that was set; cancelling one that fired does nothing. */
export interface Timer {
  cancel(): void
}

/** What a timer runs. A promise says when its work is done, which a test that moves the clock waits for. */
export type TimerWork = () => void | Promise<void>

/**
 * Where time comes from. Nothing in storage, metadata, machines or broker reads the host's clock itself, so that a
 * test (and the user of an embedded broker) can move time.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch: record times, retention, deadlines that are persisted. */
  wallMs(): number
  /** Milliseconds that never go back: time-outs, leases. Its zero means nothing. */
  monotonicMs(): number
  /** Runs `work` once, `delayMs` from now at the earliest. */
  setTimer(delayMs: number, work: TimerWork): Timer
  /**
   * The same clock as the sessions of clients see it: connections, group members, producer ids. It differs only after
   * `MovableClock.advance` with `keepSessions`, which spares them.
   */
  readonly sessions: Clock
}

/** The host's own time, given by the one place that may touch it (`broker.ts`, the clients, tests). */
export interface HostTime {
  wallMs(): number
  monotonicMs(): number
  /** Runs `work` once after `delayMs`, which is 0 to 2^31-1; returns how to cancel it. */
  after(delayMs: number, work: () => void): () => void
}

/** The host's time as it is. `onError` gets what a timer's work threw: there is nobody else to tell. */
export function hostClock(host: HostTime, onError: (error: unknown) => void): Clock {
  const clock: Clock = {
    wallMs: () => host.wallMs(),
    monotonicMs: () => host.monotonicMs(),
    setTimer: (delayMs, work) => ({ cancel: afterAny(host, delayMs, () => void runWork(work, onError)) }),
    get sessions() {
      return clock
    },
  }
  return clock
}

// Hosts count in 31 bits, and fire at once what is longer.
const hostDelayMsMax = 2 ** 31 - 1

/** Runs `work` after a delay of any length, in parts where the host can't count that far. */
export function afterAny(host: HostTime, delayMs: number, work: () => void): () => void {
  let cancel = (): void => {}
  const wait = (leftMs: number): void => {
    const isLast = leftMs <= hostDelayMsMax
    cancel = isLast
      ? host.after(Math.max(0, leftMs), work)
      : host.after(hostDelayMsMax, () => wait(leftMs - hostDelayMsMax))
  }
  wait(delayMs)
  return () => cancel()
}

export async function runWork(work: TimerWork, onError: (error: unknown) => void): Promise<void> {
  try {
    await work()
  } catch (error) {
    onError(error)
  }
}
