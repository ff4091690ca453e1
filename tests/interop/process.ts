// Programs that the tests start: their output as it comes, their end, and that none outlives the test.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const running = new Set<ChildProcess>()
process.on('exit', endPrograms)

// A test that fails leaves programs behind, which would keep its process alive.
export function endPrograms(): void {
  for (const child of running) child.kill('SIGKILL')
}

// What a stream has said so far, and a way to wait until it says something.
export class Output {
  text = ''
  #ended = false
  #waiters = new Set<() => void>()
  #listeners: ((chunk: string) => void)[] = []

  static of(stream: Readable): Output {
    const output = new Output()
    stream.setEncoding('utf8')
    stream.on('data', (chunk: string) => output.push(chunk))
    stream.on('close', () => output.end())
    return output
  }

  push(chunk: string): void {
    this.text += chunk
    for (const listener of this.#listeners) listener(chunk)
    for (const waiter of this.#waiters) waiter()
  }

  end(): void {
    this.#ended = true
    for (const waiter of this.#waiters) waiter()
  }

  get lines(): string[] {
    return this.text.split('\n').slice(0, -1)
  }

  eachLine(act: (line: string) => void): void {
    let rest = this.text
    const split = (): void => {
      const lines = rest.split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) act(line)
    }
    this.#listeners.push((chunk) => {
      rest += chunk
      split()
    })
    split()
  }

  until<T>(found: (output: Output) => T | undefined, what: string, timeoutMs = 30_000): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        this.#waiters.delete(look)
        clearTimeout(deadline)
        act()
      }
      const look = (): void => {
        const result = found(this)
        if (result !== undefined) settle(() => resolve(result))
        else if (this.#ended)
          settle(() => reject(new Error(`ended before ${what}; it said:\n${this.text.slice(-2000)}`)))
      }
      const late = (): void => reject(new Error(`no ${what} in ${timeoutMs} ms; it said:\n${this.text.slice(-2000)}`))
      const deadline = setTimeout(() => settle(late), timeoutMs)
      this.#waiters.add(look)
      look()
    })
  }
}

export class Program {
  readonly name: string
  readonly child: ChildProcess
  readonly stdout: Output
  readonly stderr: Output
  readonly finished: Promise<Finished>

  constructor(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.name = command
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] })
    this.child = child
    this.stdout = Output.of(child.stdout)
    this.stderr = Output.of(child.stderr)
    // A program that ends without reading its input makes our write fail with EPIPE; its exit code says what happened.
    child.stdin.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
    running.add(child)
    this.finished = this.#end()
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error(`${this.name} could not be started`)
    return this.child.pid
  }

  write(text: string): void {
    this.child.stdin?.write(text)
  }

  async end(signal: NodeJS.Signals, timeoutMs = 20_000): Promise<Finished> {
    this.child.kill(signal)
    const deadline = setTimeout(() => this.child.kill('SIGKILL'), timeoutMs)
    const finished = await this.finished
    clearTimeout(deadline)
    return finished
  }

  async #end(): Promise<Finished> {
    try {
      await once(this.child, 'close')
    } finally {
      running.delete(this.child)
    }
    return { code: this.child.exitCode, stdout: this.stdout.text, stderr: this.stderr.text }
  }
}

export interface RunOptions {
  readonly input?: string
  readonly env?: NodeJS.ProcessEnv
  readonly timeoutMs?: number
}

// Runs to the end, whatever its exit code.
export async function tryRun(command: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const program = new Program(command, args, options.env)
  const deadline = setTimeout(() => program.child.kill('SIGKILL'), options.timeoutMs ?? 60_000)
  program.child.stdin?.end(options.input ?? '')
  const finished = await program.finished
  clearTimeout(deadline)
  return finished
}

export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  return succeeded(`${command} ${args.join(' ')}`, await tryRun(command, args, options))
}

export function succeeded(what: string, finished: Finished): string {
  if (finished.code === 0) return finished.stdout
  const said = `${finished.stdout.slice(-1000)}\n${finished.stderr.slice(-2000)}`
  throw new Error(`${what.slice(0, 500)} ended with ${finished.code ?? 'a signal'}, expected 0; it said:\n${said}`)
}
