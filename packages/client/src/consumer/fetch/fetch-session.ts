import type { FetchRequestInput } from '@millrace/protocol'
import type { PartitionState } from '../reading/partition-state.ts'

export interface Wanted {
  readonly state: PartitionState
  readonly topicId: string
  readonly leaderEpoch: number
}

export interface FetchPlan {
  readonly sessionId: number
  readonly sessionEpoch: number
  /** Partitions whose values the broker doesn't know from the request before. */
  readonly changed: readonly Wanted[]
  readonly forgotten: readonly Known[]
}

interface Known {
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  readonly fetchOffset: number
  readonly leaderEpoch: number
}

/**
 * An incremental fetch session with one broker (KIP-227): the broker keeps what was asked for, later requests only say
 * what changed. A broker that keeps no sessions answers with id 0 and is told everything each time.
 */
export class FetchSession {
  #id = 0
  #epoch = 0
  #known = new Map<string, Known>()

  /** 0 where the broker keeps nothing. */
  get id(): number {
    return this.#id
  }

  plan(wanted: readonly Wanted[]): FetchPlan {
    const now = new Map(wanted.map((each) => [`${each.state.topic}-${each.state.partition}`, each]))
    // With the id of a session that went wrong the broker closes that one, and begins another.
    if (this.#epoch === 0) return { sessionId: this.#id, sessionEpoch: 0, changed: wanted, forgotten: [] }
    const forgotten = [...this.#known].flatMap(([key, known]) => {
      const each = now.get(key)
      return each === undefined || each.topicId !== known.topicId ? [known] : []
    })
    const changed = wanted.filter((each) => {
      const known = this.#known.get(`${each.state.topic}-${each.state.partition}`)
      const same = known?.fetchOffset === each.state.fetchOffset && known.leaderEpoch === each.leaderEpoch
      return !same || known.topicId !== each.topicId
    })
    return { sessionId: this.#id, sessionEpoch: this.#epoch, changed, forgotten }
  }

  /** The broker has taken what `plan` said of `wanted`. */
  accepted(sessionId: number, wanted: readonly Wanted[], offsets: ReadonlyMap<PartitionState, number>): void {
    this.#epoch = sessionId === 0 ? 0 : sessionId === this.#id ? nextEpoch(this.#epoch) : 1
    this.#id = sessionId
    this.#known = new Map(
      wanted.map(({ state, topicId, leaderEpoch }) => {
        const { topic, partition } = state
        const fetchOffset = offsets.get(state) ?? -1
        return [`${topic}-${partition}`, { topic, topicId, partition, fetchOffset, leaderEpoch }]
      }),
    )
  }

  /** The next request says everything. */
  reset(): void {
    this.#epoch = 0
    this.#known.clear()
  }
}

/** What fetches these once, whatever session there is. */
export const planOnce = (wanted: readonly Wanted[]): FetchPlan => ({
  sessionId: 0,
  sessionEpoch: finalEpoch,
  changed: wanted,
  forgotten: [],
})

const finalEpoch = -1

const nextEpoch = (epoch: number): number => (epoch === 0x7fff_ffff ? 1 : epoch + 1)

/** From here on Fetch names topics by id. */
export const firstWithTopicIds = 13

export interface FetchBounds {
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxBytes: number
  readonly partitionMaxBytes: number
  readonly isolationLevel: number
  /** Where we are, so that the leader can name a nearer replica; '' where that isn't known. */
  readonly rackId: string
}

const answerOverheadBytes = 16 * 1024 * 1024
const partitionOverheadBytes = 1024

/**
 * What an answer may have. `fetch.max.bytes` isn't absolute (Kafka's words): a batch that is larger comes all the same,
 * alone, so that reading goes on. So there is room for one batch that we could still read, and for what comes with it:
 * places, errors, aborted transactions.
 */
export const answerBytesMax = ({ maxBytes }: FetchBounds, batchBytesMax: number, partitions: number): number =>
  Math.max(maxBytes, batchBytesMax) + answerOverheadBytes + partitions * partitionOverheadBytes

export function fetchBody(version: number, plan: FetchPlan, bounds: FetchBounds): FetchRequestInput {
  const withIds = version >= firstWithTopicIds
  const topics = grouped(plan.changed, ({ state }) => state.topic).map(([topic, mine]) => ({
    ...(withIds ? { topicId: mine[0]!.topicId } : { topic }),
    partitions: mine.map(({ state, leaderEpoch }) => ({
      partition: state.partition,
      fetchOffset: state.fetchOffset,
      partitionMaxBytes: bounds.partitionMaxBytes,
      ...(version >= 9 ? { currentLeaderEpoch: leaderEpoch } : {}),
    })),
  }))
  const forgottenTopicsData = grouped(plan.forgotten, ({ topic, topicId }) => `${topic} ${topicId}`).map(
    ([, mine]) => ({
      ...(withIds ? { topicId: mine[0]!.topicId } : { topic: mine[0]!.topic }),
      partitions: mine.map(({ partition }) => partition),
    }),
  )
  return {
    maxWaitMs: bounds.maxWaitMs,
    minBytes: bounds.minBytes,
    maxBytes: bounds.maxBytes,
    isolationLevel: bounds.isolationLevel,
    topics,
    ...(version >= 7 ? { sessionId: plan.sessionId, sessionEpoch: plan.sessionEpoch, forgottenTopicsData } : {}),
    ...(version >= 11 ? { rackId: bounds.rackId } : {}),
  }
}

/** Ends a session; brings nothing. */
export const closingFetch = (version: number, sessionId: number): FetchRequestInput =>
  fetchBody(version, { ...planOnce([]), sessionId }, nothing)

const nothing: FetchBounds = {
  maxWaitMs: 0,
  minBytes: 0,
  maxBytes: 0,
  partitionMaxBytes: 0,
  isolationLevel: 0,
  rackId: '',
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): [string, T[]][] {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return [...groups]
}
