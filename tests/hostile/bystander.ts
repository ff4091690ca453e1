// A well-behaved client that works all the while: what it sees is what "nobody else notices" means.
import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { Connection } from '@millrace/connection'
import { HeldUp } from '@millrace/testkit/held-up'
import {
  buildBatch,
  createTopicsApi,
  errorName,
  fetchApi,
  listOffsetsApi,
  produceApi,
  readRecords,
} from '@millrace/protocol'

const topic = 'bystander'
const versions = { max: 12 }

/** Writes a record, reads it back and begins again, over one connection that has to last. */
export class Bystander implements AsyncDisposable {
  readonly #connection: Connection
  readonly #patienceMs: number
  readonly #worker: Promise<void>
  #trips = 0
  #longestMs = 0
  #failure: unknown
  #ended = false
  #onTrip: () => void = () => {}

  private constructor(connection: Connection, patienceMs: number) {
    this.#connection = connection
    this.#patienceMs = patienceMs
    this.#worker = this.#work()
  }

  /** `patienceMs`: no round trip may take longer. It stands for "is served", not for speed: the machine may be busy. */
  static async start(port: number, patienceMs = 5_000): Promise<Bystander> {
    const connection = await Connection.connect({ host: '127.0.0.1', port })
    await createTopic(connection, topic)
    return new Bystander(connection, patienceMs)
  }

  get trips(): number {
    return this.#trips
  }

  /** How long the slowest round trip took, without what held up this process. */
  get longestMs(): number {
    return this.#longestMs
  }

  /** At least one round trip begins and ends from now on, and none has failed or taken too long before. */
  async assertServed(): Promise<void> {
    const wanted = this.#trips + 2
    while (this.#trips < wanted && this.#failure === undefined) {
      await new Promise<void>((resolve) => {
        this.#onTrip = resolve
      })
    }
    assert.ifError(this.#failure)
    assert.ok(this.#longestMs < this.#patienceMs, `another client waited ${this.#longestMs} ms`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true
    await this.#worker
    this.#connection.close()
  }

  async #work(): Promise<void> {
    try {
      while (!this.#ended) await this.#trip()
    } catch (error) {
      this.#failure = error
      this.#onTrip()
    }
  }

  async #trip(): Promise<void> {
    using heldUp = new HeldUp()
    const startedMs = performance.now()
    const value = `trip ${this.#trips}`
    const offset = await this.#produce(value)
    assert.equal(await this.#fetch(offset), value)
    this.#longestMs = Math.max(this.#longestMs, performance.now() - startedMs - heldUp.ms)
    this.#trips += 1
    this.#onTrip()
    await turn()
  }

  async #produce(value: string): Promise<number> {
    const records = buildBatch({ records: [{ key: null, value: Buffer.from(value), timestampMs: Date.now() }] })
    const topicData = [{ name: topic, partitionData: [{ index: 0, records }] }]
    const body = { acks: -1, timeoutMs: this.#patienceMs, topicData }
    const { responses } = await this.#connection.request(produceApi, body, { versions })
    const result = responses[0]?.partitionResponses[0]
    assert.equal(errorName(result?.errorCode ?? -1), 'NONE')
    return result?.baseOffset ?? -1
  }

  async #fetch(offset: number): Promise<string | undefined> {
    const partitions = [{ partition: 0, fetchOffset: offset, partitionMaxBytes: 1 }]
    const body = { maxWaitMs: this.#patienceMs, minBytes: 1, topics: [{ topic, partitions }] }
    const { responses } = await this.#connection.request(fetchApi, body, { versions })
    const partition = responses[0]?.partitions[0]
    assert.equal(errorName(partition?.errorCode ?? -1), 'NONE')
    const records = partition?.records ?? null
    assert.ok(records !== null && records.length > 0, 'the record that was just written is not read')
    const [record] = readRecords(records)
    return record?.value === null ? undefined : Buffer.from(record?.value ?? []).toString()
  }
}

async function isLed(connection: Connection, name: string): Promise<boolean> {
  const partitions = [{ partitionIndex: 0, timestamp: -1 }]
  const body = { replicaId: -1, topics: [{ name, partitions }] }
  const { topics } = await connection.request(listOffsetsApi, body)
  return topics[0]?.partitions[0]?.errorCode === 0
}

/** A topic of one partition, led when this resolves. */
export async function createTopic(
  connection: Connection,
  name: string,
  configs: Readonly<Record<string, string>> = {},
): Promise<void> {
  const entries = Object.entries(configs).map(([key, value]) => ({ name: key, value }))
  const wanted = { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: entries }
  const { topics } = await connection.request(createTopicsApi, { timeoutMs: 10_000, topics: [wanted] })
  const error = errorName(topics[0]?.errorCode ?? -1)
  assert.ok(error === 'NONE' || error === 'TOPIC_ALREADY_EXISTS', `${error}: ${topics[0]?.errorMessage ?? ''}`)
  // A new topic has no leader in Apache Kafka yet.
  while (!(await isLed(connection, name))) await turn()
}
