// Apache Kafka behind the tests' own proxy: all checks of a run share it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TcpProxy } from '@millrace/testkit'
import { createTopics } from '../interop/clients/admin.ts'
import { uniqueName } from '../interop/clients/client.ts'
import { endPrograms } from '../interop/process.ts'
import { freePort, startApacheKafka } from '../interop/target/apache-kafka.ts'
import type { RunningBroker } from '../interop/target/target.ts'

const settings = {
  'group.initial.rebalance.delay.ms': '0',
  'offsets.topic.num.partitions': '1',
  'transaction.state.log.num.partitions': '1',
}

export class World implements AsyncDisposable {
  readonly proxy: TcpProxy
  readonly dataDir: string
  readonly #broker: RunningBroker
  readonly #folder: string

  private constructor(proxy: TcpProxy, folder: string, broker: RunningBroker) {
    this.proxy = proxy
    this.#folder = folder
    this.dataDir = join(folder, 'data')
    this.#broker = broker
  }

  static async start(): Promise<World> {
    const proxy = await TcpProxy.listen()
    const folder = mkdtempSync(join(tmpdir(), 'millrace-conformance-'))
    const advertised = { 'advertised.listeners': `PLAINTEXT://${proxy.address}` }
    const port = await freePort()
    proxy.target = port
    const options = { dataDir: join(folder, 'data'), port, settings: { ...settings, ...advertised } }
    const broker = await startApacheKafka(options)
    return new World(proxy, folder, broker)
  }

  get bootstrap(): string {
    return this.proxy.address
  }

  async topic(name: string, partitions = 1): Promise<string> {
    const topic = uniqueName(name)
    await createTopics(this.bootstrap, [topic], partitions)
    return topic
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#broker.program.end('SIGKILL')
    await this.proxy.close()
    endPrograms()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
