import type { LogFields, Logger } from '@millrace/kernel'
import type { DestinationStream, Logger as Pino } from 'pino'

export type LogLevel = 'error' | 'warn' | 'info' | 'debug'

export interface LoggerOptions {
  readonly level: LogLevel
  /** Lines for a person (with colour) rather than JSON; where not said, so if standard error is a terminal. */
  readonly pretty?: boolean
  /** Where lines go; standard error where not said. */
  readonly write?: (line: string) => void
}

/** The broker's log: lines that a person can read on a terminal, JSON elsewhere; on standard error. */
export async function createLogger(options: LoggerOptions): Promise<Logger> {
  const { level, write, pretty = write === undefined && process.stderr.isTTY } = options
  // Loaded where a log is wanted: a broker in a test that keeps quiet starts without.
  const { pino } = await import('pino')
  // Written at once, so that the last words of a process that dies are there.
  const destination = write === undefined ? pino.destination({ fd: 2, sync: true }) : { write }
  const stream = pretty ? await prettyStream(destination, write === undefined) : destination
  return fromPino(pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters }, stream))
}

const formatters = { level: (label: string) => ({ level: label }) }

async function prettyStream(destination: DestinationStream, colorize: boolean): Promise<DestinationStream> {
  // Loading it takes longer than all the rest of a start: only who reads it waits for it.
  const { prettyFactory } = await import('pino-pretty')
  const pretty = prettyFactory({ colorize, singleLine: true, translateTime: 'SYS:HH:MM:ss.l', ignore: 'pid,hostname' })
  return { write: (line) => destination.write(pretty(line)) }
}

function fromPino(target: Pino): Logger {
  return {
    error: (message, fields) => target.error(fields ?? {}, message),
    warn: (message, fields) => target.warn(fields ?? {}, message),
    info: (message, fields) => target.info(fields ?? {}, message),
    debug: (message, fields) => target.debug(fields ?? {}, message),
    get debugEnabled() {
      return target.isLevelEnabled('debug')
    },
    child: (fields: LogFields) => fromPino(target.child(fields)),
  }
}
