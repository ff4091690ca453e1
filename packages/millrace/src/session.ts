import type { AdminApi, CallOptions, Outcomes } from '@millrace/client'
import type { ErrorName } from '@millrace/protocol'
import type { ClientOptions } from './client-options.ts'
import { explain } from './output/explain.ts'
import { sayError } from './output/style.ts'
import type { Terminal } from './terminal.ts'
import { PartialFailure, say } from './terminal.ts'

/** The client options that all commands share. */
export const clientOptions = (
  options: ClientOptions,
): { bootstrapServers: string; clientId: string; defaultApiTimeoutMs: number } => ({
  bootstrapServers: options.bootstrapServer,
  clientId: 'millrace-cli',
  defaultApiTimeoutMs: options.timeout,
})

/** Runs one command's work with an admin client that is closed whatever happens. */
export async function withAdmin<T>(
  options: ClientOptions,
  terminal: Terminal,
  work: (admin: AdminApi, call: CallOptions) => Promise<T>,
): Promise<T> {
  // Loaded by the commands that need it: `start` and `--help` don't pay for it.
  const { Admin } = await import('@millrace/client')
  const admin = new Admin(clientOptions(options))
  try {
    return await work(admin, { signal: terminal.signal })
  } finally {
    await admin.close()
  }
}

/** Says what happened to each of many, and fails the command if any of them failed. */
export function reportOutcomes<T>(
  terminal: Terminal,
  outcomes: Outcomes<T>,
  done: (name: string, value: T) => string,
): void {
  let failed = false
  for (const [name, outcome] of outcomes) {
    if (outcome.ok) say(terminal, done(name, outcome.value))
    else {
      failed = true
      sayError(terminal, `${name}: ${explain(outcome.error)}`)
    }
  }
  if (failed) throw new PartialFailure()
}

/**
 * The values of those that are there; the others are reported and make the command fail when `finish` is called,
 * but for those that failed with the error that is to be ignored.
 */
export function partOutcomes<T>(
  terminal: Terminal,
  outcomes: Outcomes<T>,
  ignored?: ErrorName,
): { values: T[]; finish: () => void } {
  const values: T[] = []
  const failures: string[] = []
  for (const [name, outcome] of outcomes) {
    if (outcome.ok) values.push(outcome.value)
    else if (outcome.error.error !== ignored) failures.push(`${name}: ${explain(outcome.error)}`)
  }
  const finish = (): void => {
    for (const failure of failures) sayError(terminal, failure)
    if (failures.length > 0) throw new PartialFailure()
  }
  return { values, finish }
}

/** The values of all, by name; the first failure is thrown. */
export const allOf = <T, K>(outcomes: Outcomes<T, K>): Map<K, T> =>
  new Map(
    [...outcomes].map(([name, outcome]) => {
      if (!outcome.ok) throw outcome.error
      return [name, outcome.value]
    }),
  )
