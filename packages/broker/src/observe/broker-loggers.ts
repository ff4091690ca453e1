import type { LogFields, Logger } from '@millrace/kernel'

/** The parts of a broker whose lines have a level of their own. */
export const loggerNames = [
  'millrace.controller',
  'millrace.groups',
  'millrace.metadata',
  'millrace.network',
  'millrace.requests',
  'millrace.storage',
] as const
export type LoggerName = (typeof loggerNames)[number]

export const rootLoggerName = 'root'

/** Kafka's levels, from the most talkative one; nothing here says less than debug, and nothing is fatal. */
export const loggerLevels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const
export type LoggerLevel = (typeof loggerLevels)[number]

export const isLoggerLevel = (text: string): text is LoggerLevel => (loggerLevels as readonly string[]).includes(text)

const severityOf = (level: LoggerLevel): number => loggerLevels.indexOf(level)

/**
 * The loggers of one broker, with levels that change at run time (KIP-412) and are forgotten when it stops. One that has
 * no level of its own has the root's.
 */
export class BrokerLoggers {
  /** Of everything that has no name here. */
  readonly root: Logger
  readonly #target: Logger
  #rootLevel: LoggerLevel
  readonly #own = new Map<string, LoggerLevel>()
  /** What holds, by name: asked for with every request. */
  #least: ReadonlyMap<string, number> = new Map()

  /** `target` writes what it is given. */
  constructor(target: Logger, rootLevel: LoggerLevel) {
    this.#target = target
    this.#rootLevel = rootLevel
    this.root = this.#gated(rootLoggerName)
    this.#refresh()
  }

  of(name: LoggerName): Logger {
    return this.#gated(name)
  }

  /** The level that holds, by the name of the logger. */
  levels(): ReadonlyMap<string, LoggerLevel> {
    const own = loggerNames.map((name) => [name, this.#own.get(name) ?? this.#rootLevel] as const)
    return new Map<string, LoggerLevel>([[rootLoggerName, this.#rootLevel], ...own])
  }

  set(name: string, level: LoggerLevel): void {
    if (name === rootLoggerName) this.#rootLevel = level
    else this.#own.set(name, level)
    this.#refresh()
    this.root.warn('the level of a logger was changed', { logger: name, level })
  }

  /** The logger has the root's level again. */
  unset(name: string): void {
    this.#own.delete(name)
    this.#refresh()
    this.root.warn('a logger has the level of the root again', { logger: name, level: this.#rootLevel })
  }

  #refresh(): void {
    this.#least = new Map(Array.from(this.levels(), ([name, level]) => [name, severityOf(level)]))
  }

  #gated(name: string): Logger {
    return gated(this.#target, () => this.#least.get(name) ?? 0)
  }
}

function gated(target: Logger, leastSeverity: () => number): Logger {
  const write =
    (level: 'debug' | 'error' | 'info' | 'warn') =>
    (message: string, fields?: LogFields): void => {
      if (leastSeverity() <= severities[level]) target[level](message, fields)
    }
  return {
    error: write('error'),
    warn: write('warn'),
    info: write('info'),
    debug: write('debug'),
    get debugEnabled() {
      return leastSeverity() <= severities.debug && target.debugEnabled
    },
    child: (fields) => gated(target.child(fields), leastSeverity),
  }
}

const severities = {
  debug: severityOf('DEBUG'),
  info: severityOf('INFO'),
  warn: severityOf('WARN'),
  error: severityOf('ERROR'),
} as const
