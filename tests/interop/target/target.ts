// The broker under test, as a user runs it: a process on a port with a data directory.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { startApacheKafka } from './apache-kafka.ts'
import { startMillrace } from './millrace.ts'
import { endPrograms, type Program } from '../process.ts'

export interface BrokerOptions {
  readonly dataDir: string
  // 0: any free one.
  readonly port: number
  readonly settings: Readonly<Record<string, string>>
  // Of the process that Millrace runs in.
  readonly nodeOptions?: readonly string[]
}

export interface RunningBroker {
  readonly port: number
  readonly program: Program
}

export interface TargetOptions {
  readonly settings?: Readonly<Record<string, string>>
  readonly dataDir?: string
  readonly nodeOptions?: readonly string[]
}

// What a test wants where it says nothing else.
const testSettings = { 'group.initial.rebalance.delay.ms': '0', 'offsets.topic.replication.factor': '1' }

// The tests prove themselves against the real one: MILLRACE_INTEROP_TARGET=apache-kafka.
export const isApacheKafka = process.env['MILLRACE_INTEROP_TARGET'] === 'apache-kafka'
const start = isApacheKafka ? startApacheKafka : startMillrace

export class Target {
  readonly dataDir: string
  readonly #options: Omit<BrokerOptions, 'port'>
  #broker: RunningBroker

  private constructor(options: Omit<BrokerOptions, 'port'>, broker: RunningBroker) {
    this.dataDir = options.dataDir
    this.#options = options
    this.#broker = broker
  }

  // Stops, and its data goes, after the tests of the file.
  static async start(options: TargetOptions = {}): Promise<Target> {
    const isTemporary = options.dataDir === undefined
    const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'millrace-interop-'))
    const { nodeOptions = [] } = options
    const own = { dataDir, nodeOptions, settings: { ...testSettings, ...options.settings } }
    const target = new Target(own, await start({ ...own, port: 0 }))
    after(async () => {
      await target.kill()
      endPrograms()
      if (isTemporary) rmSync(dataDir, { recursive: true, force: true })
    })
    return target
  }

  get bootstrap(): string {
    return `127.0.0.1:${this.#broker.port}`
  }

  get pid(): number {
    return this.#broker.program.pid
  }

  get log(): string {
    return this.#broker.program.stderr.text
  }

  async stop(): Promise<void> {
    await this.#broker.program.end('SIGTERM')
  }

  async kill(): Promise<void> {
    await this.#broker.program.end('SIGKILL')
  }

  // On the same port, with the same data.
  async startAgain(): Promise<void> {
    this.#broker = await start({ ...this.#options, port: this.#broker.port })
  }

  async restart(): Promise<void> {
    await this.stop()
    await this.startAgain()
  }
}
