import type { Terminal } from '../terminal.ts'

const everyMs = 500
const eraseLine = '\r\u001b[2K'

/**
 * A line that is written over itself while work without a known end goes on: only on a terminal, and only where nothing
 * else is typed or printed there (`alone`).
 */
export function progressLine(terminal: Terminal, alone: boolean, text: () => string): { stop(): void } {
  // The terminal has shown `^C` where somebody pressed it: what is said next begins a line of its own.
  const afterInterrupt = (): void => {
    if (terminal.stderrIsTerminal && terminal.signal.aborted) terminal.stderr.write('\n')
  }
  if (!terminal.stderrIsTerminal || !alone) return { stop: afterInterrupt }
  const timer = setInterval(() => terminal.stderr.write(`${eraseLine}${text()}`), everyMs)
  return {
    stop: () => {
      clearInterval(timer)
      terminal.stderr.write(eraseLine)
    },
  }
}
