import { createRequire } from 'node:module'
import type { LogFields, Logger } from '@millrace/kernel'
import type { DestinationStream, Logger as Pino } from 'pino'

type LogLevel = 'error' | 'warn' | 'info' | 'debug'

export interface LoggerOptions {
  readonly level: LogLevel
  /** Lines for a person (with colour) rather than JSON; where not said, so if standard error is a terminal. */
  readonly pretty?: boolean
  /** Where lines go; standard error where not said. */
  readonly write?: (line: string) => void
}

const require = createRequire(import.meta.url)

/**
 * The broker's log: lines that a person can read on a terminal, JSON elsewhere; on standard error. What writes them is
 * loaded with the first line: that takes a tenth of a start, and a broker in a test that keeps quiet does without.
 */
export function createLogger(options: LoggerOptions): Logger {
  const { level, write, pretty = write === undefined && process.stderr.isTTY } = options
  return fromPino(level, () => {
    const { pino } = require('pino') as typeof import('pino')
    // Written at once, so that the last words of a process that dies are there.
    const destination = write === undefined ? pino.destination({ fd: 2, sync: true }) : { write }
    const stream = pretty ? prettyStream(destination, write === undefined) : destination
    return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters }, stream)
  })
}

const formatters = { level: (label: string) => ({ level: label }) }

function prettyStream(destination: DestinationStream, colorize: boolean): DestinationStream {
  const { prettyFactory } = require('pino-pretty') as typeof import('pino-pretty')
  const pretty = prettyFactory({ colorize, singleLine: true, translateTime: 'SYS:HH:MM:ss.l', ignore: 'pid,hostname' })
  return { write: (line) => destination.write(pretty(line)) }
}

function fromPino(level: LogLevel, make: () => Pino): Logger {
  let made: Pino | undefined
  const target = (): Pino => (made ??= make())
  return {
    error: (message, fields) => target().error(fields ?? {}, message),
    warn: (message, fields) => target().warn(fields ?? {}, message),
    info: (message, fields) => target().info(fields ?? {}, message),
    debug: (message, fields) => target().debug(fields ?? {}, message),
    debugEnabled: level === 'debug',
    child: (fields: LogFields) => fromPino(level, () => target().child(fields)),
  }
}
