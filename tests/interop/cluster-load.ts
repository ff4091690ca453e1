// A producer and a reader at work while things happen to the brokers.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { Consumer, Producer } from '@millrace/client'

const outstandingMost = 200
const deadlineMs = 30_000

interface Sent {
  readonly partition: number
  readonly offset: number
  readonly value: number
}

/** Sends 0, 1, 2 ... in turn to the partitions of a topic until it is stopped. */
export class Load implements AsyncDisposable {
  readonly outstanding = new Set<Promise<unknown>>()
  readonly #topic: string
  readonly #partitions: number
  readonly #producer: Producer
  readonly #sent: Promise<Sent>[] = []
  #acknowledged = 0
  #stopped = false
  readonly #working: Promise<void>

  constructor(bootstrapServers: string, topic: string, partitions: number) {
    this.#topic = topic
    this.#partitions = partitions
    this.#producer = new Producer({ bootstrapServers, lingerMs: 1 })
    this.#working = this.#work()
  }

  /** Resolves when so many more are acknowledged. */
  async more(count: number): Promise<void> {
    const enough = this.#acknowledged + count
    await until(`${count} more to be acknowledged`, async () => this.#acknowledged >= enough)
  }

  /** Resolves with all that was sent when all of it is acknowledged; rejects where one wasn't. */
  async stop(): Promise<readonly Sent[]> {
    this.#stopped = true
    await this.#working
    return Promise.all(this.#sent)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true
    await this.#producer.close()
  }

  async #work(): Promise<void> {
    while (!this.#stopped) {
      for (let i = 0; i < 10; i += 1) this.#sendNext()
      await sleep(5)
      if (this.outstanding.size >= outstandingMost) await Promise.race(this.outstanding)
    }
  }

  #sendNext(): void {
    const value = this.#sent.length
    const partition = value % this.#partitions
    const record = { topic: this.#topic, partition, value: String(value) }
    const one = this.#producer.send(record).then(({ offset }) => ({ partition, offset, value }))
    this.#sent.push(one)
    this.outstanding.add(one)
    const settled = (): void => void this.outstanding.delete(one)
    one.then(() => (this.#acknowledged += 1), settled).then(settled, settled)
  }
}

/** By partition, the values of a topic in the order in which a member of a group got them. */
export class GroupReader implements AsyncDisposable {
  readonly values = new Map<number, number[]>()
  readonly #consumer: Consumer
  readonly #reading: Promise<void>

  constructor(bootstrapServers: string, topic: string) {
    const options = { groupId: `readers of ${topic}`, autoOffsetReset: 'earliest', autoCommitIntervalMs: 100 } as const
    this.#consumer = new Consumer({ bootstrapServers, topics: topic, ...options })
    this.#reading = this.#read()
  }

  get distinct(): number {
    return new Set([...this.values.values()].flat()).size
  }

  /** Nothing was skipped; what came again came from a commit on. */
  assertNoSkips(): void {
    for (const [partition, values] of this.values) {
      const skips = values.filter((value, i) => i > 0 && value > Math.max(...values.slice(0, i)) + this.values.size)
      assert.deepEqual(skips, [], `skips in ${partition}`)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#consumer.close()
    await this.#reading
  }

  async #read(): Promise<void> {
    for await (const { partition, value } of this.#consumer) {
      const values = this.values.get(partition) ?? []
      this.values.set(partition, values)
      values.push(Number(value))
    }
  }
}

export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const lateMs = performance.now() + deadlineMs
  while (!(await holds())) {
    assert.ok(performance.now() < lateMs, `waited ${deadlineMs / 1000} s for ${what}`)
    await sleep(20)
  }
}
