import type { TestContext } from 'node:test'
import type { Broker } from '@millrace/broker'
import { startBroker } from '@millrace/broker'
import type { ConsumerOptions, ConsumerRecord } from '@millrace/client'
import { Admin, Consumer, Producer } from '@millrace/client'

export { until } from './until.ts'

/** A broker with a topic of so many partitions, and whoever writes to and reads from it; all of it ends with the test. */
export class ConsumerWorld {
  readonly topic = 'orders'
  readonly broker: Broker
  readonly admin: Admin
  readonly producer: Producer
  readonly #partitions: number
  readonly #consumers: Consumer[] = []

  private constructor(broker: Broker, partitions: number) {
    this.broker = broker
    this.#partitions = partitions
    this.admin = new Admin(broker)
    this.producer = new Producer({ bootstrapServers: broker.bootstrapServers, lingerMs: 0 })
  }

  static async start(
    t: Pick<TestContext, 'after'>,
    partitions = 1,
    settings: Readonly<Record<string, number | string>> = {},
  ): Promise<ConsumerWorld> {
    const broker = await startBroker({ settings: { 'group.min.session.timeout.ms': 100, ...settings } })
    const world = new ConsumerWorld(broker, partitions)
    t.after(() => world.#close())
    await world.admin.createTopics([{ name: world.topic, partitions }])
    return world
  }

  /** Sends values 0, 1, 2 ... in turn to the partitions. */
  readonly fill = async (count: number, from = 0): Promise<void> => {
    await this.producer.send(
      Array.from({ length: count }, (_, i) => ({
        topic: this.topic,
        partition: (from + i) % this.#partitions,
        value: String(from + i),
      })),
    )
  }

  /** Reads the topic from its start, unless told otherwise. */
  readonly consumer = (options: Partial<ConsumerOptions> = {}): Consumer => {
    const consumer = new Consumer({
      bootstrapServers: this.broker.bootstrapServers,
      ...(options.assignment === undefined ? { topics: this.topic } : {}),
      autoOffsetReset: 'earliest',
      retryBackoffMs: 5,
      heartbeatIntervalMs: 20,
      ...options,
    })
    this.#consumers.push(consumer)
    return consumer
  }

  async #close(): Promise<void> {
    await Promise.all(this.#consumers.map((consumer) => consumer.close()))
    await this.producer.close()
    await this.admin.close()
    await this.broker.close()
  }
}

export const valueOf = (record: { readonly value: unknown }): number => Number(String(record.value))

/** The first so many records, or those until the loop ends. */
export async function read(consumer: Consumer, count = Infinity): Promise<ConsumerRecord[]> {
  const records: ConsumerRecord[] = []
  for await (const record of consumer) {
    records.push(record)
    if (records.length === count) break
  }
  return records
}

export const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)
