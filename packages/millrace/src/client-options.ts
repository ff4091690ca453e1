import type { Command } from 'commander'
import { Option } from 'commander'
import type { OutputFormat } from './output/print.ts'
import { outputFormats } from './output/print.ts'
import { UsageError } from './terminal.ts'

export const bootstrapVariable = 'MILLRACE_BOOTSTRAP_SERVER'
export const defaultBootstrap = '127.0.0.1:9092'

export interface ClientOptions {
  readonly bootstrapServer: string
  readonly timeout: number
}

export interface ListingOptions extends ClientOptions {
  readonly output: OutputFormat
}

/** What every command has that talks to a broker. */
export function withClient(command: Command): Command {
  return command
    .addOption(
      new Option('--bootstrap-server <host:port,...>', 'brokers to ask first')
        .env(bootstrapVariable)
        .default(defaultBootstrap),
    )
    .addOption(
      new Option('--timeout <duration>', 'how long to wait for the brokers, such as 500ms or 30s')
        .argParser(parseDuration)
        .default(30_000, '30s'),
    )
}

/** And every command that prints a listing. */
export function withListing(command: Command): Command {
  return withClient(command).addOption(
    new Option('-o, --output <format>', 'shape of what is printed').choices([...outputFormats]).default('table'),
  )
}

export function parseDuration(text: string): number {
  const match = /^(\d+)(ms|s|m|h|d)?$/.exec(text)
  const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match?.[2] ?? 'ms']
  if (match === null || unitMs === undefined) {
    throw new UsageError(`not a duration: got '${text}', expected a number and ms, s, m, h or d, such as 30s`)
  }
  return Number(match[1]) * unitMs
}

/** For options that take a whole number: `name` is how the error calls it. */
export function wholeNumber(name: string, min = 0, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (Number.isSafeInteger(value) && value >= min && value <= max && text.trim() !== '') return value
    throw new UsageError(`${name} is a whole number from ${min} to ${max}, got '${text}'`)
  }
}

/** For options that may be given many times. */
export const collect = (text: string, before: readonly string[] = []): string[] => [...before, text]

/** Splits `name=value`; the value may hold further `=`. */
export function parseAssignment(text: string): readonly [name: string, value: string] {
  const at = text.indexOf('=')
  if (at <= 0) throw new UsageError(`expected NAME=VALUE, got '${text}'`)
  return [text.slice(0, at).trim(), text.slice(at + 1)]
}
