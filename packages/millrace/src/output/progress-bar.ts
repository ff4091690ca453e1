import type { Terminal } from '../terminal.ts'
import { styled } from './style.ts'

const eraseLine = '\r\u001b[2K'
const everyMs = 100
const barWidth = 24

/** A bar that is drawn over itself while work of a known size goes on: only on a terminal. */
export class ProgressBar {
  readonly #terminal: Terminal
  readonly #total: number
  #drawnMs = -Infinity
  #isShown = false

  constructor(terminal: Terminal, total: number) {
    this.#terminal = terminal
    this.#total = total
  }

  /** Cheap to call often: it is drawn a few times a second. */
  show(done: number, text: () => string): void {
    if (!this.#terminal.stderrIsTerminal || performance.now() - this.#drawnMs < everyMs) return
    this.#drawnMs = performance.now()
    this.#isShown = true
    const part = this.#total === 0 ? 1 : Math.min(1, done / this.#total)
    const filled = Math.round(part * barWidth)
    const bar = styled(this.#terminal, 'stderr', 'cyan', '█'.repeat(filled)) + '░'.repeat(barWidth - filled)
    const percent = `${Math.floor(part * 100)}%`.padStart(4)
    this.#terminal.stderr.write(`${eraseLine}${bar} ${percent}  ${text()}`)
  }

  clear(): void {
    if (this.#isShown) this.#terminal.stderr.write(eraseLine)
    this.#isShown = false
  }
}

const units = ['bytes', 'KB', 'MB', 'GB', 'TB'] as const

/** `512 bytes`, `1.4 GB`: in steps of 1,000. */
export function sized(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000
    unit += 1
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}
