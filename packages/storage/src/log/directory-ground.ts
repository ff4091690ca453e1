import type { DiskSpeed } from '../checkpoint/replace-file.ts'
import type { Log } from './log.ts'
import type { LogContext } from './log-context.ts'
import type { OnceTimers } from './once-timers.ts'

/** A log directory, as its parts see it. */
export interface DirectoryGround {
  readonly path: string
  readonly context: LogContext
  /** What is open in it, also the copies that moves are making. */
  readonly logs: Map<string, Log>
  readonly timers: OnceTimers
  readonly speed: DiskSpeed
  /** Undefined while the directory serves. */
  readonly offlineReason: string | undefined
  /** Takes it offline, with all logs in it. */
  fail(reason: string): void
}
