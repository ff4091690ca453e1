import type { Clock, LogFields, Logger } from '@millrace/kernel'
import type { ErrorName } from '@millrace/protocol'
import type { ConnectionInfo } from './handler.ts'

/** Of one connection: a client that tries for ever must not fill the log of the broker that refuses it. */
const linesPerSecond = 10
const secondMs = 1000
/** Of what a client sent and a line repeats. */
const fieldCharsMax = 300

interface Allowance {
  secondStartMs: number
  lines: number
  leftOut: number
}

/** Says why requests were refused that a client should never have sent: a few lines a second, then how many more there were. */
export class RefusalLog {
  readonly #log: Logger
  readonly #clock: Clock
  readonly #allowances = new WeakMap<ConnectionInfo, Allowance>()

  constructor(log: Logger, clock: Clock) {
    this.#log = log
    this.#clock = clock
  }

  refused(connection: ConnectionInfo, apiName: string, error: ErrorName, fields: LogFields): void {
    const allowance = this.#allowanceOf(connection)
    allowance.lines += 1
    if (allowance.lines > linesPerSecond) {
      allowance.leftOut += 1
      return
    }
    const leftOut = allowance.leftOut === 0 ? {} : { leftOutBefore: allowance.leftOut }
    allowance.leftOut = 0
    this.#log.warn(`${apiName} refused: ${error}`, { ...cut(fields), connection: connection.id, ...leftOut })
  }

  #allowanceOf(connection: ConnectionInfo): Allowance {
    const nowMs = this.#clock.monotonicMs()
    const known = this.#allowances.get(connection)
    if (known === undefined) {
      const fresh = { secondStartMs: nowMs, lines: 0, leftOut: 0 }
      this.#allowances.set(connection, fresh)
      return fresh
    }
    if (nowMs - known.secondStartMs >= secondMs) {
      known.secondStartMs = nowMs
      known.lines = 0
    }
    return known
  }
}

const cut = (fields: LogFields): LogFields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === 'string' && value.length > fieldCharsMax ? `${value.slice(0, fieldCharsMax)}...` : value,
    ]),
  )
