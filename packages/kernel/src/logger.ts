/** What a log line carries besides its message: flat, so that both a person and a machine can read it. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>

/** The broker puts a real logger (pino) behind this; machines never log. */
export interface Logger {
  error(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  debug(message: string, fields?: LogFields): void
  /** Whether `debug` lines are written at all: asked before one is built on a hot path. */
  readonly debugEnabled: boolean
  /** The same log with these fields on every line. */
  child(fields: LogFields): Logger
}

const ignore = (): void => {}

/** Says nothing; for tests and for users who embed a broker and want quiet. */
export const silentLogger: Logger = {
  error: ignore,
  warn: ignore,
  info: ignore,
  debug: ignore,
  debugEnabled: false,
  child: () => silentLogger,
}

/** The message of anything thrown. */
export const errorMessage = (error: unknown): string => (error instanceof Error ? error.message : String(error))
