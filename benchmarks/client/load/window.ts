// The time that counts: it opens after the warm-up, and closes after its length or when the caller is done.
import { readFileSync } from 'node:fs'
import type { Measured } from './load.ts'

interface Mark {
  readonly atMs: number
  readonly count: number
  readonly cpu: NodeJS.CpuUsage
}

export interface WindowOptions {
  readonly warmupMs: number
  readonly windowMs: number
  readonly count: () => number
}

export class Window {
  readonly #count: () => number
  readonly closed: Promise<void>
  #close: () => void = () => undefined
  #from: Mark | undefined
  #to: Mark | undefined

  constructor({ warmupMs, windowMs, count }: WindowOptions) {
    this.#count = count
    this.closed = new Promise((resolve) => (this.#close = resolve))
    setTimeout(() => {
      this.#from = this.#mark()
      setTimeout(() => this.close(), windowMs)
    }, warmupMs)
  }

  get open(): boolean {
    return this.#from !== undefined && this.#to === undefined
  }

  close(): void {
    this.#to ??= this.#mark()
    this.#close()
  }

  measured(): Measured {
    const [from, to] = [this.#from, this.#to]
    if (from === undefined || to === undefined) throw new Error('it was over before the warm-up was: more records')
    const [seconds, records] = [(to.atMs - from.atMs) / 1000, to.count - from.count]
    const cpuMicros = to.cpu.user + to.cpu.system - from.cpu.user - from.cpu.system
    return { perSecond: records / seconds, cpuPerMillion: cpuMicros / records, peakMib: peakMib() }
  }

  #mark(): Mark {
    return { atMs: performance.now(), count: this.#count(), cpu: process.cpuUsage() }
  }
}

// Not `maxRSS`, which begins with that of the process that started this one.
function peakMib(): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
  if (kilobytes === undefined) throw new Error('no VmHWM in /proc/self/status')
  return Number(kilobytes) / 1024
}
