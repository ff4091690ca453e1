import type { BrokerEpoch, BrokerId, Clock, Random } from '@millrace/kernel'
import { asBrokerEpoch, asBrokerId, hostClock, seededRandom } from '@millrace/kernel'
import type {
  BrokerValue,
  ControllerRules,
  ControllerView,
  ElectionNotice,
  ItemDecision,
  MetadataImage,
  StoreTransaction,
} from '@millrace/machines'
import {
  applyChanges,
  authorOfController,
  batchWrites,
  brokerKey,
  configsOf,
  controllerKey,
  emptyImage,
  encodeValue,
  fault,
  reconcile,
} from '@millrace/machines'
import type { Change, CommitResult, Snapshot } from '@millrace/metadata'
import { MemorySpace } from '@millrace/metadata'

/** Time that stands still, for what is moved by hand. */
export const stillClock: Clock = hostClock(
  { wallMs: () => 0, monotonicMs: () => 0, after: () => () => {} },
  (error) => {
    throw error
  },
)

/** Rules of a configuration that knows a list, a number and how elections go. */
export const testRules: ControllerRules = {
  defaultPartitions: 2,
  defaultReplicationFactor: 1,
  validateConfigs: (_resource, configs) => {
    for (const [name, value] of configs) {
      if (name === 'retention.ms' && Number.isNaN(Number(value))) {
        return fault('INVALID_CONFIG', `Invalid value ${value} for configuration retention.ms`)
      }
      if (name.startsWith('unknown')) return fault('INVALID_CONFIG', `Unknown topic config name: ${name}`)
    }
    return null
  },
  listDefault: (_type, name) => (name === 'cleanup.policy' ? 'delete' : null),
  describeTopic: (configs) =>
    [...configs].map(([name, value]) => ({ name, value, readOnly: false, configSource: 1, isSensitive: false })),
  uncleanElection: (image, topic) =>
    configsOf(image, { type: 'topic', name: topic }).get('unclean.leader.election.enable') === 'true',
}

/** A metadata store with an image of it that is always up to date, a controller, and brokers that come and go. */
export class MetadataDouble {
  readonly space = new MemorySpace(stillClock)
  readonly random: Random
  readonly notices: ElectionNotice[] = []
  readonly changes: Change[] = []
  image: MetadataImage = emptyImage

  constructor(seed = 1) {
    this.random = seededRandom(seed)
    this.space.onChange((revision, changes) => {
      this.changes.push(...changes)
      this.image = applyChanges(this.image, revision, changes)
    })
    this.becomeController(asBrokerId(0))
  }

  /** Makes this broker the controller, in place of whoever was it. */
  becomeController(brokerId: BrokerId): void {
    this.put({ conditions: [], ops: [{ kind: 'delete', key: controllerKey }] })
    this.put({ conditions: [], ops: [{ kind: 'put', key: controllerKey, value: encodeValue({ brokerId }) }] })
  }

  /** Registers the broker anew, as a new life, and returns its epoch. */
  register(id: number, value: Partial<BrokerValue> = {}): BrokerEpoch {
    const key = brokerKey(asBrokerId(id))
    const registration: BrokerValue = {
      listeners: [{ name: 'PLAINTEXT', host: `host-${id}`, port: 9092, securityProtocol: 'PLAINTEXT' }],
      rack: null,
      state: 'running',
      incarnationId: this.random.uuid(),
      directoryIds: [],
      intactSince: null,
      ...value,
    }
    this.unregister(id)
    this.put({ conditions: [], ops: [{ kind: 'put', key, value: encodeValue(registration) }] })
    return asBrokerEpoch(this.space.get(key)?.createRevision ?? -1)
  }

  /** Changes the registration within the broker's life. */
  update(id: number, value: Partial<BrokerValue>): void {
    const broker = this.image.brokers.get(asBrokerId(id))
    if (broker === undefined) return
    const { listeners, rack, state, incarnationId, directoryIds, intactSince } = broker
    const next: BrokerValue = { listeners, rack, state, incarnationId, directoryIds, intactSince, ...value }
    this.put({ conditions: [], ops: [{ kind: 'put', key: brokerKey(broker.id), value: encodeValue(next) }] })
  }

  unregister(id: number): void {
    this.put({ conditions: [], ops: [{ kind: 'delete', key: brokerKey(asBrokerId(id)) }] })
  }

  put(transaction: StoreTransaction): CommitResult {
    return this.space.commit(transaction)
  }

  view(rules: ControllerRules = testRules): ControllerView {
    const env = { wallMs: 0, monotonicMs: 0, random: this.random }
    return { image: this.image, author: authorOfController(this.image), rules, env }
  }

  /** Commits what was decided about each item and returns the answers. */
  commit<Item, Answer>(decisions: Iterable<ItemDecision<Item, Answer>>): Answer[] {
    return Array.from(decisions, ({ transactions, answer, refuse }) => {
      const done = transactions.every((transaction) => this.put(transaction).kind === 'committed')
      return done ? answer : refuse('UNKNOWN_SERVER_ERROR', 'conflict')
    })
  }

  /** Runs the controller until it has nothing more to do; returns how many partitions it wrote. */
  settle(before: MetadataImage | null = null): number {
    const { writes, notices } = reconcile(this.view(), before)
    this.notices.push(...notices)
    for (const { transaction } of batchWrites(authorOfController(this.image), writes)) this.put(transaction)
    return writes.length === 0 ? 0 : writes.length + this.settle()
  }

  /** What a broker that starts now would read. */
  relist(): Snapshot {
    return this.space.snapshot('/')
  }
}
