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

/** Options of Node for a broker that is asked for its `keptMemory`; it ends where it needs more heap than this. */
export const collectsGarbage: readonly string[] = [
  '--expose-gc',
  '--max-old-space-size=128',
  `--import=${new URL('collects-garbage.ts', import.meta.url).href}`,
]

/** In bytes; Millrace says more than this. */
export interface Memory {
  readonly rss: number
}

const collected = /^garbage is collected: (.*)\n/m

/** Bytes of memory that the broker has when its garbage is collected. How much it has before then is V8's choice. */
export async function keptMemory(target: Target): Promise<Memory> {
  if (isApacheKafka) return { rss: residentBytes(target) }
  const from = target.log.length
  const logged = watchLog(target)
  process.kill(target.pid, 'SIGUSR2')
  await logged(collected)
  return JSON.parse(collected.exec(target.log.slice(from))?.[1] ?? '') as Memory
}

/** What no input may ever bring about: an error that nobody expected. */
export const unexpectedErrors = (target: Target): string[] =>
  target.log.split('\n').filter((line) => /"level":"error"|a handler failed|Uncaught|unhandled/i.test(line))
