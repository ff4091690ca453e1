// Apache Kafka's command-line tools, all in one JVM (see apache-kafka/ToolRunner.java): one per test file, started on first use.
import { after } from 'node:test'
import { apacheKafka, quickStart, type ApacheKafka } from './apache-kafka.ts'
import { find } from './peer.ts'
import { Output, Program, succeeded, type Finished } from '../process.ts'

export const javaTools = await find(apacheKafka)

const encode = (text: string): string => Buffer.from(text).toString('base64')

// One call of a tool's main method: looks like a process, and is a thread.
export class ToolCall {
  readonly stdout = new Output()
  readonly stderr = new Output()
  readonly finished: Promise<Finished>
  readonly #send: (words: readonly string[]) => void
  #exit: (code: number) => void = () => undefined

  constructor(send: (words: readonly string[]) => void) {
    this.#send = send
    this.finished = new Promise((resolve) => {
      this.#exit = (code) => resolve({ code, stdout: this.stdout.text, stderr: this.stderr.text })
    })
  }

  write(text: string): void {
    this.#send(['in', encode(text)])
  }

  closeInput(): void {
    this.#send(['eof'])
  }

  // What SIGTERM does to a tool with a process of its own.
  async stop(): Promise<Finished> {
    this.#send(['stop'])
    return this.finished
  }

  exited(code: number): void {
    this.stdout.end()
    this.stderr.end()
    this.#exit(code)
  }
}

// ToolRunner looks for the shutdown hooks of the tool that it has to stop.
const reflection = ['--add-opens', 'java.base/java.lang=ALL-UNNAMED']

class Jvm {
  readonly #program: Program
  readonly #calls = new Map<string, { call: ToolCall; out: TextDecoder; err: TextDecoder }>()
  #nextId = 1
  #rest = ''

  constructor(kafka: ApacheKafka) {
    this.#program = new Program('java', [...quickStart, ...reflection, '-cp', kafka.classPath, 'ToolRunner'])
    this.#program.child.stdout?.on('data', (chunk: string) => this.#read(chunk))
    this.#program.child.stderr?.pipe(process.stderr)
    // Some tools end the JVM themselves, by System.exit.
    this.#program.child.on('close', (code) => {
      for (const { call } of this.#calls.values()) call.exited(code ?? -1)
      if (jvm === this) jvm = undefined
    })
  }

  call(className: string, args: readonly string[]): ToolCall {
    const id = String(this.#nextId++)
    const send = (words: readonly string[]): void => this.#write([words[0] ?? '', id, ...words.slice(1)])
    const call = new ToolCall(send)
    this.#calls.set(id, { call, out: new TextDecoder(), err: new TextDecoder() })
    this.#write(['run', id, className, ...args.map(encode)])
    return call
  }

  async end(): Promise<void> {
    this.#program.child.stdin?.end()
    await this.#program.finished
  }

  #write(words: readonly string[]): void {
    this.#program.write(`${words.join(' ')}\n`)
  }

  #read(chunk: string): void {
    const lines = (this.#rest + chunk).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#obey(line.split(' '))
  }

  #obey([kind, id = '', data = '']: readonly string[]): void {
    const entry = this.#calls.get(id)
    if (entry === undefined) return
    const { call, out, err } = entry
    if (kind === 'out') call.stdout.push(out.decode(Buffer.from(data, 'base64'), { stream: true }))
    if (kind === 'err') call.stderr.push(err.decode(Buffer.from(data, 'base64'), { stream: true }))
    if (kind !== 'exit') return
    this.#calls.delete(id)
    call.exited(Number(data))
  }
}

let jvm: Jvm | undefined
after(() => jvm?.end())

export function startTool(className: string, args: readonly string[]): ToolCall {
  if (javaTools.peer === undefined) throw new Error(javaTools.skip)
  jvm ??= new Jvm(javaTools.peer)
  return jvm.call(`org.apache.kafka.tools.${className}`.replace(/^org.apache.kafka.tools.(kafka\.)/, '$1'), args)
}

export async function tryTool(className: string, args: readonly string[], input?: string): Promise<Finished> {
  const call = startTool(className, args)
  if (input !== undefined) call.write(input)
  call.closeInput()
  return call.finished
}

// The standard output of a tool that must succeed.
export async function tool(className: string, args: readonly string[], input?: string): Promise<string> {
  return succeeded(`${className} ${args.join(' ')}`, await tryTool(className, args, input))
}
