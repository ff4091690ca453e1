import type { LogFields, Logger } from '@millrace/kernel'
import { silentLogger } from '@millrace/kernel'
import type { ClientLogger } from '../client-options.ts'
import { wrong } from './checked.ts'

const levels = ['error', 'warn', 'info', 'debug'] as const
type Level = (typeof levels)[number]
type Write = (level: Level, message: string, fields: LogFields) => void

/** The logger that a client was given, as all of ours are: console, pino, or one of the kernel's. */
export function loggerOf(given: ClientLogger | undefined, clientId: string): Logger {
  if (given === undefined) return silentLogger
  for (const level of levels) {
    if (typeof given[level] !== 'function') throw wrong(`logger.${level}`, given[level], 'a function')
  }
  const write: Write = isPino(given)
    ? (level, message, fields) => given[level](fields, message)
    : (level, message, fields) => given[level](message, fields)
  return withFields(write, debugEnabled(given), { clientId })
}

function withFields(write: Write, debugIsOn: boolean, own: LogFields): Logger {
  return {
    error: (message, fields) => write('error', message, { ...own, ...fields }),
    warn: (message, fields) => write('warn', message, { ...own, ...fields }),
    info: (message, fields) => write('info', message, { ...own, ...fields }),
    debug: (message, fields) => write('debug', message, { ...own, ...fields }),
    debugEnabled: debugIsOn,
    child: (fields) => withFields(write, debugIsOn, { ...own, ...fields }),
  }
}

/** pino takes the fields before the message; only it has bindings. */
interface PinoShaped extends Record<Level, (fields: LogFields, message: string) => void> {
  readonly bindings: () => unknown
}

const isPino = (logger: object): logger is PinoShaped => 'bindings' in logger && typeof logger.bindings === 'function'

function debugEnabled(logger: object): boolean {
  if ('debugEnabled' in logger) return logger.debugEnabled === true
  if ('isLevelEnabled' in logger && typeof logger.isLevelEnabled === 'function') {
    return logger.isLevelEnabled('debug') === true
  }
  return true
}
