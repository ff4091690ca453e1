// The broker as a process, with what the tests here want to know of it.
import { readFileSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { isApacheKafka, type Target } from '../interop/target/target.ts'

export const portOf = (target: Target): number => Number(target.bootstrap.split(':')[1])

const patienceMs = 30_000

/** Remembers where the log is now; the function it returns waits until a later line says this. */
export function watchLog(target: Target): (text: string | RegExp) => Promise<void> {
  const from = target.log.length
  return async (text) => {
    if (isApacheKafka) return
    const deadlineMs = performance.now() + patienceMs
    const says = (): boolean => {
      const log = target.log.slice(from)
      return typeof text === 'string' ? log.includes(text) : text.test(log)
    }
    while (!says()) {
      if (performance.now() > deadlineMs) {
        throw new Error(`the log doesn't say ${String(text)}; it says:\n${target.log.slice(from).slice(-2000)}`)
      }
      await turn()
    }
  }
}

/** Bytes of memory that the broker's process has now. */
export function residentBytes(target: Target): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${target.pid}/status`, 'utf8'))?.[1]
  if (kilobytes === undefined) throw new Error(`no VmRSS of process ${target.pid}`)
  return Number(kilobytes) * 1024
}

/** What no input may ever bring about: an error that nobody expected. */
export const unexpectedErrors = (target: Target): string[] =>
  target.log.split('\n').filter((line) => /"level":"error"|a handler failed|Uncaught|unhandled/i.test(line))
