import type { Terminal } from '../terminal.ts'

const everyMs = 500
const eraseLine = '\r\u001b[2K'

/**
 * A line that is written over itself while work without a known end goes on: only on a terminal, and only where
 * standard output isn't the same terminal.
 */
export function progressLine(terminal: Terminal, text: () => string): { stop(): void } {
  if (!terminal.stderrIsTerminal || terminal.stdoutIsTerminal) return { stop: () => {} }
  const timer = setInterval(() => terminal.stderr.write(`${eraseLine}${text()}`), everyMs)
  return {
    stop: () => {
      clearInterval(timer)
      terminal.stderr.write(eraseLine)
    },
  }
}
