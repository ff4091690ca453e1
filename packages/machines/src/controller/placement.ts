import type { BrokerId, Random } from '@millrace/kernel'
import type { Fault } from './decision.ts'
import { fault } from './decision.ts'
import type { BrokerRegistration, MetadataImage } from './image.ts'

/** Whether the broker may lead and be in an ISR: past its start, and not on its way out. */
export const isActive = (broker: BrokerRegistration | undefined): broker is BrokerRegistration =>
  broker !== undefined && broker.state === 'running'

/** Whether new partitions may be given to the broker: not where all of its log directories are cordoned. */
export const takesReplicas = ({ directoryIds, cordonedDirectoryIds = [] }: BrokerRegistration): boolean =>
  directoryIds.length === 0 || directoryIds.some((id) => !cordonedDirectoryIds.includes(id))

const candidates = (image: MetadataImage): BrokerRegistration[] => [...image.brokers.values()].filter(takesReplicas)
const activeBrokers = (image: MetadataImage): BrokerRegistration[] => candidates(image).filter(isActive)

/** The replication factor of an internal topic that nobody set: as wished, but no more than there are brokers. */
export const cappedReplicationFactor = (image: MetadataImage, wished: number): number =>
  Math.max(1, Math.min(wished, activeBrokers(image).length))

/**
 * Replicas for `count` new partitions, or why there can't be any. Kafka's way: over the racks in turn and over the
 * brokers of each rack in turn, each partition one further, from a start by chance; active brokers before others, and
 * only they lead.
 */
export function placeReplicas(
  image: MetadataImage,
  count: number,
  replicationFactor: number,
  random: Random,
): readonly (readonly BrokerId[])[] | Fault {
  if (activeBrokers(image).length === 0) {
    return noPlace(
      replicationFactor,
      'All brokers are currently starting or leaving, or have all their log directories cordoned.',
    )
  }
  const known = candidates(image).length
  if (replicationFactor > known) {
    return noPlace(
      replicationFactor,
      `The target replication factor of ${replicationFactor} cannot be reached because only ${known} broker(s) are registered or some brokers have all their log directories cordoned.`,
    )
  }
  const placer = new StripedPlacer(image, random)
  return Array.from({ length: count }, () => placer.next(replicationFactor))
}

const noPlace = (replicationFactor: number, reason: string): Fault =>
  fault('INVALID_REPLICATION_FACTOR', `Unable to replicate the partition ${replicationFactor} time(s): ${reason}`)

/** Brokers taken in turn; each stripe (partition) starts one further than the one before. */
class Ring {
  #brokers: BrokerId[]
  #start: number
  #taken = 0
  #stripe = 0

  constructor(brokers: readonly BrokerId[], random: Random) {
    this.#brokers = brokers.toSorted((a, b) => a - b)
    this.#start = random.below(Math.max(1, brokers.length))
  }

  shuffle(random: Random): void {
    this.#brokers = shuffled(this.#brokers, random)
  }

  take(stripe: number): BrokerId | undefined {
    if (stripe !== this.#stripe) {
      this.#stripe = stripe
      this.#taken = 0
      this.#start += 1
    }
    if (this.#taken >= this.#brokers.length) return undefined
    this.#taken += 1
    return this.#brokers[(this.#start + this.#taken - 1) % this.#brokers.length]
  }
}

interface Rack {
  readonly active: Ring
  readonly others: Ring
}

class StripedPlacer {
  readonly #random: Random
  readonly #activeCount: number
  #racks: Rack[]
  #startRack: number
  #stripe = 0

  constructor(image: MetadataImage, random: Random) {
    const brokers = candidates(image)
    const names = [...new Set(brokers.map((broker) => broker.rack ?? ''))].toSorted()
    this.#random = random
    this.#activeCount = brokers.filter(isActive).length
    this.#racks = names.map((name) => rackOf(brokers, name, random))
    this.#startRack = random.below(names.length)
  }

  next(replicationFactor: number): readonly BrokerId[] {
    // Every broker has led once: another order now, or the same partitions' replicas would meet for ever.
    if (this.#stripe > 0 && this.#stripe % this.#activeCount === 0) this.#shuffle()
    const racks = this.#racks.map((_, i) => this.#racks[(this.#startRack + i) % this.#racks.length]).filter(isRack)
    const [leader, leaderRack] = this.#takeLeader(racks)
    const replicas = [leader]
    // Rounds over the racks; the leader's counts as visited in the first.
    for (let round = 0; replicas.length < replicationFactor; round += 1) {
      for (const rack of racks) {
        if (replicas.length === replicationFactor) break
        if (round === 0 && rack === leaderRack) continue
        const broker = rack.active.take(this.#stripe) ?? rack.others.take(this.#stripe)
        if (broker !== undefined) replicas.push(broker)
      }
    }
    this.#stripe += 1
    this.#startRack += 1
    return replicas
  }

  #takeLeader(racks: readonly Rack[]): readonly [BrokerId, Rack] {
    for (const rack of racks) {
      const broker = rack.active.take(this.#stripe)
      if (broker !== undefined) return [broker, rack]
    }
    throw new Error('no rack has an active broker: placeReplicas checks that there is one')
  }

  #shuffle(): void {
    this.#racks = shuffled(this.#racks, this.#random)
    for (const rack of this.#racks) {
      rack.active.shuffle(this.#random)
      rack.others.shuffle(this.#random)
    }
  }
}

const isRack = (rack: Rack | undefined): rack is Rack => rack !== undefined

function rackOf(brokers: readonly BrokerRegistration[], name: string, random: Random): Rack {
  const here = brokers.filter((broker) => (broker.rack ?? '') === name)
  const ids = (active: boolean): BrokerId[] =>
    here.filter((broker) => isActive(broker) === active).map((broker) => broker.id)
  return { active: new Ring(ids(true), random), others: new Ring(ids(false), random) }
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items
    .map((item) => ({ item, rank: random.fraction() }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ item }) => item)
}
