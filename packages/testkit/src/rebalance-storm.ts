import { startBroker } from '@millrace/broker'
import type { AssignorName, ConsumerRecord } from '@millrace/client'
import { Admin, Consumer, Producer } from '@millrace/client'
import type { Random } from '@millrace/kernel'
import { seededRandom } from '@millrace/kernel'
import { until } from './until.ts'

export interface StormOptions {
  readonly seed: number
  readonly durationMs: number
  /** How many leave at least, however long that takes. */
  readonly leavesMin: number
  readonly strategy: AssignorName
  readonly members: number
  readonly partitions: number
}

export interface StormReport {
  readonly records: number
  readonly repeated: number
  readonly joined: number
  readonly left: number
  /** Partitions that a member gave up for others while it had records to read. */
  readonly givenUpAtWork: number
}

interface Member {
  readonly name: string
  readonly consumer: Consumer
  readonly reading: Promise<void>
}

const topic = 'storm'
/** A member commits by hand each time it has read so many records of a partition. */
const commitEvery = 5
const pauseMsMax = 150
/** Of every third record, so that members are at work when others come and go. */
const workMsMax = 20
/** Nobody writes while so many records wait to be read. */
const unreadMax = 500

/**
 * Members of one group come and go at random while somebody writes. Throws at the first partition that has two owners,
 * the first record that is skipped, and the first that comes again though it was committed.
 */
export async function rebalanceStorm(options: StormOptions): Promise<StormReport> {
  const broker = await startBroker()
  const storm = new Storm(options, broker.bootstrapServers)
  try {
    return await storm.run()
  } finally {
    await storm.close()
    await broker.close()
  }
}

class Storm {
  readonly #options: StormOptions
  readonly #bootstrapServers: string
  readonly #random: Random
  readonly #producer: Producer
  readonly #members: Member[] = []
  /** By partition: who has it, how far it was written, read and committed, and where its owner is. */
  readonly #owners = new Map<number, string>()
  readonly #written = new Map<number, number>()
  readonly #seen = new Map<number, number>()
  readonly #committed = new Map<number, number>()
  readonly #expected = new Map<number, number>()
  /** By member: the partition of the record that it works on. */
  readonly #atWork = new Map<string, number>()
  readonly #left: Promise<unknown>[] = []
  #joined = 0
  #repeated = 0
  #givenUpAtWork = 0
  #failure: unknown

  constructor(options: StormOptions, bootstrapServers: string) {
    this.#options = options
    this.#bootstrapServers = bootstrapServers
    this.#random = seededRandom(options.seed)
    this.#producer = new Producer({ bootstrapServers, lingerMs: 0 })
  }

  async run(): Promise<StormReport> {
    const { partitions, members, durationMs, leavesMin } = this.#options
    await using admin = new Admin({ bootstrapServers: this.#bootstrapServers })
    await admin.createTopics([{ name: topic, partitions }])
    const endsAtMs = performance.now() + durationMs
    for (let i = 0; i < members / 2; i += 1) this.#join()
    const isOver = (): boolean => performance.now() >= endsAtMs && this.#left.length / 2 >= leavesMin
    while (!isOver() && this.#failure === undefined) {
      if (this.#unread() < unreadMax) await this.#write()
      await new Promise((resolve) => setTimeout(resolve, this.#random.below(pauseMsMax)))
      if (this.#members.length < 2 || (this.#members.length < members && this.#random.below(2) === 0)) this.#join()
      else this.#leave()
    }
    await until('all that was written is read', () => this.#failure !== undefined || this.#unread() === 0)
    if (this.#failure !== undefined) throw this.#failure
    const records = [...this.#written.values()].reduce((sum, count) => sum + count, 0)
    const [repeated, givenUpAtWork] = [this.#repeated, this.#givenUpAtWork]
    return { records, repeated, joined: this.#joined, left: this.#left.length / 2, givenUpAtWork }
  }

  async close(): Promise<void> {
    while (this.#members.length > 0) this.#leave()
    await Promise.all(this.#left)
    await this.#producer.close()
  }

  async #write(): Promise<void> {
    const records = Array.from({ length: this.#options.partitions }, (_, partition) => {
      const value = this.#written.get(partition) ?? 0
      this.#written.set(partition, value + 1)
      return { topic, partition, value: String(value) }
    })
    await this.#producer.send(records)
  }

  #unread(): number {
    let unread = 0
    for (const [partition, count] of this.#written) unread += count - (this.#seen.get(partition) ?? 0)
    return unread
  }

  #join(): void {
    this.#joined += 1
    const name = `member ${this.#joined}`
    const numbers = (partitions: readonly { readonly partition: number }[]): number[] =>
      partitions.map(({ partition }) => partition)
    const consumer = new Consumer({
      bootstrapServers: this.#bootstrapServers,
      groupId: 'storm',
      topics: topic,
      autoOffsetReset: 'earliest',
      enableAutoCommit: false,
      heartbeatIntervalMs: 50,
      sessionTimeoutMs: 30_000,
      partitionAssignmentStrategy: [this.#options.strategy],
      onAssigned: (partitions) => numbers(partitions).forEach((each) => this.#take(name, each)),
      onRevoked: (partitions) => numbers(partitions).forEach((each) => this.#giveUp(name, each)),
      onLost: (partitions) => this.#fail(new Error(`${name} lost ${numbers(partitions).join()}`)),
    })
    const reading = this.#read(name, consumer).catch((error: unknown) => this.#fail(error))
    this.#members.push({ name, consumer, reading })
  }

  #leave(): void {
    const [member] = this.#members.splice(this.#random.below(this.#members.length), 1)
    if (member !== undefined) this.#left.push(member.consumer.close(), member.reading)
  }

  #take(name: string, partition: number): void {
    const owner = this.#owners.get(partition)
    if (owner !== undefined) return this.#fail(new Error(`${name} gets ${partition}, which ${owner} has`))
    this.#owners.set(partition, name)
    this.#expected.delete(partition)
  }

  #giveUp(name: string, partition: number): void {
    const owner = this.#owners.get(partition)
    if (owner !== name) return this.#fail(new Error(`${name} gives up ${partition}, which ${owner ?? 'nobody'} has`))
    if (this.#isThere(name)) {
      if (this.#atWork.get(name) === partition) {
        return this.#fail(new Error(`${name} gives up ${partition}, and works on a record of it`))
      }
      if ((this.#expected.get(partition) ?? Infinity) < (this.#written.get(partition) ?? 0)) this.#givenUpAtWork += 1
    }
    this.#owners.delete(partition)
  }

  async #read(name: string, consumer: Consumer): Promise<void> {
    for await (const record of consumer) {
      this.#check(name, record)
      this.#atWork.set(name, record.partition)
      if (this.#random.below(3) === 0) {
        await new Promise((resolve) => setTimeout(resolve, this.#random.below(workMsMax)))
      }
      if (record.offset % commitEvery === 0) await this.#commit(name, consumer, record)
      this.#atWork.delete(name)
    }
  }

  /** Whoever is being closed isn't. */
  #isThere(name: string): boolean {
    return this.#members.some((member) => member.name === name)
  }

  #check(name: string, { partition, offset, value }: ConsumerRecord): void {
    const place = `${partition} at ${offset}`
    const owner = this.#owners.get(partition)
    if (owner !== name) throw new Error(`${name} got ${place}, which ${owner ?? 'nobody'} has`)
    if (String(value) !== String(offset)) throw new Error(`${place} holds ${String(value)}`)
    const seen = this.#seen.get(partition) ?? 0
    const expected = this.#expected.get(partition)
    if (offset !== (expected ?? offset)) throw new Error(`${name} got ${place} after ${expected}`)
    if (offset > seen) throw new Error(`${name} got ${place}, and nobody has seen ${seen}`)
    if (expected === undefined && offset < (this.#committed.get(partition) ?? 0)) {
      throw new Error(`${name} got ${place}, which was committed before`)
    }
    if (offset < seen) this.#repeated += 1
    this.#seen.set(partition, Math.max(seen, offset + 1))
    this.#expected.set(partition, offset + 1)
  }

  async #commit(name: string, consumer: Consumer, record: ConsumerRecord): Promise<void> {
    try {
      await consumer.commit(record)
      const before = this.#committed.get(record.partition) ?? 0
      this.#committed.set(record.partition, Math.max(before, record.offset + 1))
    } catch (error) {
      // Whoever is being closed has nothing to commit any more.
      if (this.#isThere(name)) throw error
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= error
  }
}
