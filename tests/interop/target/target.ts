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
}

export interface RunningBroker {
  readonly port: number
  readonly program: Program
}

export interface TargetOptions {
  readonly settings?: Readonly<Record<string, string>>
  readonly dataDir?: string
}

// What a test wants where it says nothing else.
const testSettings = { 'group.initial.rebalance.delay.ms': '0', 'offsets.topic.replication.factor': '1' }

// The tests prove themselves against the real one: MILLRACE_INTEROP_TARGET=apache-kafka.
export const isApacheKafka = process.env['MILLRACE_INTEROP_TARGET'] === 'apache-kafka'
const start = isApacheKafka ? startApacheKafka : startMillrace

export class Target {
  readonly dataDir: string
  readonly #settings: Readonly<Record<string, string>>
  #broker: RunningBroker

  private constructor(dataDir: string, settings: Readonly<Record<string, string>>, broker: RunningBroker) {
    this.dataDir = dataDir
    this.#settings = settings
    this.#broker = broker
  }

  // Stops, and its data goes, after the tests of the file.
  static async start(options: TargetOptions = {}): Promise<Target> {
    const own = options.dataDir === undefined
    const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'millrace-interop-'))
    const settings = { ...testSettings, ...options.settings }
    const target = new Target(dataDir, settings, await start({ dataDir, port: 0, settings }))
    after(async () => {
      await target.kill()
      endPrograms()
      if (own) rmSync(dataDir, { recursive: true, force: true })
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
    this.#broker = await start({ dataDir: this.dataDir, port: this.#broker.port, settings: this.#settings })
  }

  async restart(): Promise<void> {
    await this.stop()
    await this.startAgain()
  }
}
