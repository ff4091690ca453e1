import type { DatabaseSync } from 'node:sqlite'
import { machineMonotonicMs } from './machine-time.ts'

/** How long to wait for another process that has the file locked. */
export const lockTimeoutMs = 5_000
const busy = 5 // SQLITE_BUSY
const pauseMs = 2
const nobodyWakesUs = new Int32Array(new SharedArrayBuffer(4))
const sleep = (): unknown => Atomics.wait(nobodyWakesUs, 0, 0, pauseMs)

/**
 * Puts the file in WAL mode, trying for `timeoutMs`; blocks meanwhile. While another process does the same to a new
 * file SQLite answers SQLITE_BUSY at once, whatever the database's own timeout: each holds a lock that the other one
 * needs, so waiting with it would help neither (https://sqlite.org/c3ref/busy_handler.html).
 */
export function switchToWal(database: DatabaseSync, timeoutMs: number, pause: () => unknown = sleep): void {
  const deadlineMs = machineMonotonicMs() + timeoutMs
  for (;;) {
    try {
      database.exec('PRAGMA journal_mode = WAL')
      return
    } catch (error) {
      if (!isBusy(error) || machineMonotonicMs() >= deadlineMs) throw error
      pause()
    }
  }
}

// Its extended codes have the plain one in their lowest byte.
const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === busy
