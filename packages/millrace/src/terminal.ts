import type { Readable, Writable } from 'node:stream'

/** What a command may touch of the world: given by main, replaced by tests. */
export interface Terminal {
  readonly stdin: Readable
  /** Data, and nothing else. */
  readonly stdout: Writable
  /** Talk: banners, progress, warnings, summaries. */
  readonly stderr: Writable
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdoutIsTerminal: boolean
  readonly stderrIsTerminal: boolean
  readonly stdinIsTerminal: boolean
  /** Aborted by Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal
}

/** A fault of the command line itself: exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** Some of what was asked for failed and has been reported: nothing more to say. Exit code 1 where no other is given. */
export class PartialFailure extends Error {
  override name = 'PartialFailure'
  readonly exitCode: number

  constructor(exitCode = 1) {
    super()
    this.exitCode = exitCode
  }
}

export function say(terminal: Terminal, text: string): void {
  terminal.stderr.write(`${text}\n`)
}

/** Writes data and waits while the reader of the pipe is slower than we are. */
export async function writeData(terminal: Terminal, text: string | Uint8Array): Promise<void> {
  if (terminal.stdout.write(text)) return
  await new Promise<void>((resolve) => {
    const settle = (): void => {
      terminal.stdout.off('drain', settle)
      terminal.stdout.off('close', settle)
      resolve()
    }
    terminal.stdout.once('drain', settle)
    terminal.stdout.once('close', settle)
  })
}

/** Asks before something is destroyed. Without a terminal to ask on it must have been said with `--yes`. */
export async function confirm(terminal: Terminal, question: string, yes: boolean): Promise<void> {
  if (yes) return
  if (!terminal.stdinIsTerminal) throw new UsageError(`${question} Say --yes to go on without being asked.`)
  terminal.stderr.write(`${question} [y/N] `)
  const answer = await firstLine(terminal)
  if (terminal.signal.aborted) terminal.stderr.write('\n')
  if (!/^y(es)?$/i.test(answer.trim())) throw new Error('left as it was')
}

async function firstLine(terminal: Terminal): Promise<string> {
  const { createInterface } = await import('node:readline')
  const lines = createInterface({ input: terminal.stdin, signal: terminal.signal })
  try {
    for await (const line of lines) return line
    return ''
  } finally {
    lines.close()
  }
}
