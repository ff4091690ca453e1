import type { Clock } from '@millrace/kernel'

interface Listeners {
  readonly all: Set<() => void>
  readonly fire: () => void
}

/** Behind one listener of the signal's own: to add to those and to take one away costs as much as there are. */
const listeners = new WeakMap<AbortSignal, Listeners>()

/** Calls `listener` once, when the signal is set, and never where it is set already. Returns how to take that back. */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  if (signal.aborted) return () => {}
  const { all, fire } = listeners.get(signal) ?? listen(signal)
  all.add(listener)
  return () => {
    if (!all.delete(listener) || all.size > 0) return
    signal.removeEventListener('abort', fire)
    listeners.delete(signal)
  }
}

function listen(signal: AbortSignal): Listeners {
  const all = new Set<() => void>()
  const fire = (): void => {
    listeners.delete(signal)
    for (const listener of all) listener()
    all.clear()
  }
  const made = { all, fire }
  listeners.set(signal, made)
  signal.addEventListener('abort', fire, { once: true })
  return made
}

/** Rejects with the signal's reason as soon as it is set; the work itself goes on for whoever else waits for it. */
export function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(signal.reason)
    if (signal.aborted) giveUp()
    const done = onAbort(signal, giveUp)
    work.finally(done).then(resolve, reject)
  })
}

/** Waits, unless the signal ends it. */
export function delay(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason)
    const timer = clock.setTimer(delayMs, () => {
      done?.()
      resolve()
    })
    const done =
      signal &&
      onAbort(signal, () => {
        timer.cancel()
        reject(signal.reason)
      })
  })
}

/** Set when either is: what a caller may end, and what ends with the client. */
export const whichever = (signal: AbortSignal | undefined, other: AbortSignal): AbortSignal =>
  signal === undefined ? other : AbortSignal.any([signal, other])
