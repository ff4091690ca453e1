// Apache Kafka behind the tests' own proxy: all checks of a run share it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Consumer } from '@millrace/client'
import { TcpProxy } from '@millrace/testkit'
import { createTopics } from '../interop/clients/admin.ts'
import { uniqueName } from '../interop/clients/client.ts'
import { apacheKafka, quickStart } from '../interop/peers/apache-kafka.ts'
import { endPrograms, run } from '../interop/process.ts'
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
  #placedByJava: Promise<ReadonlyMap<string, number>> | undefined

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

  /** A thousand keys of text, and the partitions that Apache Kafka's own producer put them in: of a topic of so many. */
  placedByJava(partitions: number): Promise<ReadonlyMap<string, number>> {
    this.#placedByJava ??= this.#placeByJava(partitions)
    return this.#placedByJava
  }

  async #placeByJava(partitions: number): Promise<ReadonlyMap<string, number>> {
    const topic = await this.topic('placed-by-java', partitions)
    const keys = Array.from(
      { length: 1_000 },
      (_, i) => `${'schlüssel'.slice(0, i % 10)}${i % 13 === 0 ? '🔑' : ''}${i}`,
    )
    const { classPath } = await apacheKafka.get()
    const how = ['--reader-property', 'parse.key=true', '--reader-property', 'key.separator=,']
    const where = ['--bootstrap-server', this.bootstrap, '--topic', topic]
    const args = [...quickStart, '-cp', classPath, 'org.apache.kafka.tools.ConsoleProducer', ...where, ...how]
    await run('java', args, { input: keys.map((key) => `${key},${key}\n`).join('') })
    const placed = new Map<string, number>()
    const from = { bootstrapServers: this.bootstrap, topics: topic, start: 'earliest', stopAtEnd: true } as const
    await using consumer = new Consumer(from)
    for await (const { value, partition } of consumer) placed.set(String(value), partition)
    return placed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#broker.program.end('SIGKILL')
    await this.proxy.close()
    endPrograms()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
