import { styleText } from 'node:util'
import type { Terminal } from '../terminal.ts'

type Style = Parameters<typeof styleText>[0]

/** Text in colour where the stream is a terminal that shows it and nobody said NO_COLOR (https://no-color.org). */
export function styled(terminal: Terminal, stream: 'stdout' | 'stderr', style: Style, text: string): string {
  const isTerminal = stream === 'stdout' ? terminal.stdoutIsTerminal : terminal.stderrIsTerminal
  const unwanted = (terminal.env['NO_COLOR'] ?? '') !== '' || terminal.env['TERM'] === 'dumb'
  return isTerminal && !unwanted ? styleText(style, text, { validateStream: false }) : text
}

/** Says what went wrong, on standard error. */
export function sayError(terminal: Terminal, text: string): void {
  terminal.stderr.write(`${styled(terminal, 'stderr', 'red', 'millrace:')} ${text}\n`)
}
