// A broker in this process with two ways to it: through a proxy that does what networks do, and directly.
import { startBroker, type Broker } from '@millrace/broker'
import { Admin, Consumer, Producer } from '@millrace/client'
import { TcpProxy } from '@millrace/testkit'
import { freePort } from '../interop/target/apache-kafka.ts'

export class World implements AsyncDisposable {
  readonly proxy: TcpProxy
  readonly broker: Broker
  /** Past the proxy, which never fails. */
  readonly direct: string

  private constructor(proxy: TcpProxy, broker: Broker, direct: string) {
    this.proxy = proxy
    this.broker = broker
    this.direct = direct
  }

  static async start(): Promise<World> {
    const proxy = await TcpProxy.listen()
    try {
      return await World.#startBehind(proxy, 3)
    } catch (error) {
      await proxy.close()
      throw error
    }
  }

  // A port that was free may be somebody's when the broker comes to it.
  static async #startBehind(proxy: TcpProxy, attempts: number): Promise<World> {
    try {
      return await World.#startOnce(proxy)
    } catch (error) {
      if (attempts === 1 || !/the port is taken/.test(String(error))) throw error
      return World.#startBehind(proxy, attempts - 1)
    }
  }

  static async #startOnce(proxy: TcpProxy): Promise<World> {
    const direct = `127.0.0.1:${await freePort()}`
    const settings = {
      listeners: `PLAINTEXT://127.0.0.1:0,DIRECT://${direct}`,
      'advertised.listeners': `PLAINTEXT://${proxy.address},DIRECT://${direct}`,
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,DIRECT:PLAINTEXT',
    }
    const broker = await startBroker({ settings })
    proxy.target = broker.port
    return new World(proxy, broker, direct)
  }

  /** For clients that have to bear what the proxy does. */
  get bootstrap(): string {
    return this.proxy.address
  }

  async topic(name: string, partitions: number): Promise<string> {
    await using admin = new Admin({ bootstrapServers: this.direct })
    await admin.createTopics([{ name, partitions }])
    return name
  }

  async write(topic: string, values: readonly string[]): Promise<void> {
    await using producer = new Producer({ bootstrapServers: this.direct })
    await producer.send(values.map((value) => ({ topic, value, partition: 0 })))
  }

  /** How many records a topic has. */
  async written(topic: string): Promise<number> {
    let count = 0
    for (const values of (await this.contents(topic)).values()) count += values.length
    return count
  }

  /** Everything in a topic, by partition in order. */
  async contents(topic: string): Promise<Map<number, { readonly offset: number; readonly value: string }[]>> {
    const found = new Map<number, { offset: number; value: string }[]>()
    await using consumer = new Consumer({
      bootstrapServers: this.direct,
      topics: [topic],
      start: 'earliest',
      stopAtEnd: true,
    })
    for await (const { partition, offset, value } of consumer) {
      const records = found.get(partition) ?? []
      records.push({ offset, value: value?.toString() ?? '' })
      found.set(partition, records)
    }
    return found
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.proxy.close()
    await this.broker.close()
  }
}
