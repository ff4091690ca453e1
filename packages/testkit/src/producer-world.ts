import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Broker } from '@millrace/broker'
import { startBroker } from '@millrace/broker'
import type { ConsumerRecord, ProducerOptions } from '@millrace/client'
import { Admin, Consumer, Producer } from '@millrace/client'

/** A broker with a topic, and whoever writes to it; all of it ends with the test. */
export class ProducerWorld {
  readonly topic = 'orders'
  readonly broker: Broker
  readonly #t: Pick<TestContext, 'after'>

  private constructor(t: Pick<TestContext, 'after'>, broker: Broker) {
    this.#t = t
    this.broker = broker
  }

  static async start(
    t: Pick<TestContext, 'after'>,
    { partitions = 1, configs = {} }: { partitions?: number; configs?: Record<string, string> } = {},
  ): Promise<ProducerWorld> {
    const world = new ProducerWorld(t, await startBroker())
    t.after(() => world.broker.close())
    await using admin = new Admin(world.broker)
    const created = await admin.createTopics([{ name: world.topic, partitions, configs }])
    assert.equal(created.get(world.topic)?.ok, true)
    return world
  }

  /** What it has not delivered when the test ends is given up. */
  readonly producing = (options: Partial<ProducerOptions> = {}): Producer => {
    const producer = new Producer({ bootstrapServers: this.broker.bootstrapServers, retryBackoffMs: 5, ...options })
    this.#t.after(() => producer.close({ timeoutMs: 0 }))
    return producer
  }

  /** All that is in the topic. */
  readonly readAll = async (): Promise<ConsumerRecord[]> => {
    const { bootstrapServers } = this.broker
    const options = { bootstrapServers, topics: this.topic, autoOffsetReset: 'earliest', stopAtEnd: true } as const
    await using consumer = new Consumer(options)
    const records: ConsumerRecord[] = []
    for await (const record of consumer) records.push(record)
    return records
  }

  readonly readValues = async (): Promise<string[]> => (await this.readAll()).map(({ value }) => String(value))
}
