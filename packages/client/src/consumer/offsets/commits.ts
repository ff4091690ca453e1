import { BrokerError } from '@millrace/connection'
import { type ErrorName, KafkaError } from '@millrace/protocol'
import type { Committer } from '../../admin/group-offsets.ts'
import { commitOffsets } from '../../admin/group-offsets.ts'
import { abortable } from '../../cluster/abort.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import { retry } from '../../cluster/retry.ts'
import type { TopicPartition, TopicPartitionOffset } from '../../record.ts'
import { ClientClosedError } from '../../errors/client-errors.ts'
import { CommitFailedError } from '../consumer-errors.ts'
import { keyOf } from '../reading/partition-state.ts'

export interface OffsetToCommit extends TopicPartitionOffset {
  readonly leaderEpoch?: number
  /** What the program wants to know of it later. */
  readonly metadata?: string
}

interface Asked {
  readonly offsets: readonly OffsetToCommit[]
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** Who commits for a group. */
interface CommittingMember {
  readonly committer: Committer
  /** Whether the group may be in a generation that the member hasn't heard of yet. */
  readonly joining: boolean
}

/** The group is between two generations, or we were told of a new one while the commit was under way. */
const unsettled = new Set<ErrorName>(['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID'])

/** What is committed in the group's name: one request at a time, so that an older offset never comes behind a newer. */
export class Commits {
  readonly #cluster: Cluster
  readonly #groupId: string
  readonly #who: () => CommittingMember | undefined
  readonly #isOurs: (partition: TopicPartition) => boolean
  readonly #shutOut: () => unknown
  #asked: Asked[] = []
  #sending: Promise<void> | undefined

  /** `isOurs` says whether a partition may still be committed for; `shutOut` what has kept us out of the group for good. */
  constructor(
    cluster: Cluster,
    groupId: string,
    who: () => CommittingMember | undefined,
    isOurs: (partition: TopicPartition) => boolean,
    shutOut: () => unknown,
  ) {
    this.#cluster = cluster
    this.#groupId = groupId
    this.#who = who
    this.#isOurs = isOurs
    this.#shutOut = shutOut
  }

  /** Resolves when the group has them. What is asked for while a commit is under way goes together in the next one. */
  commit(offsets: readonly OffsetToCommit[], signal?: AbortSignal): Promise<void> {
    if (offsets.length === 0) return Promise.resolve()
    const wrong = offsets.find(({ offset }) => !Number.isSafeInteger(offset) || offset < 0)
    if (wrong !== undefined) return Promise.reject(noOffset(wrong))
    const foreign = offsets.find((each) => !this.#isOurs(each))
    if (foreign !== undefined) return Promise.reject(this.#notOurs(foreign))
    const done = new Promise<void>((resolve, reject) => this.#asked.push({ offsets, resolve, reject }))
    this.#sending ??= this.#sendAll()
    return abortable(done, signal)
  }

  /** Settles, and never rejects, when all that was asked for is answered. */
  get answered(): Promise<void> {
    return this.#sending ?? Promise.resolve()
  }

  async #sendAll(): Promise<void> {
    // What is asked for in this turn of the event loop goes together.
    await Promise.resolve()
    while (this.#asked.length > 0) await this.#send(this.#asked.splice(0))
    this.#sending = undefined
  }

  async #send(asked: readonly Asked[]): Promise<void> {
    const latest = new Map(asked.flatMap(({ offsets }) => offsets.map((each) => [keyOf(each), each])))
    try {
      const failures = await this.#untilSettled(latest)
      for (const { offsets, resolve, reject } of asked) {
        const failure = offsets.map((each) => failures.get(keyOf(each))).find((each) => each !== undefined)
        if (failure === undefined) resolve()
        else reject(failure)
      }
    } catch (error) {
      for (const { reject } of asked) reject(error)
    }
  }

  async #untilSettled(offsets: Map<string, OffsetToCommit>): Promise<ReadonlyMap<string, KafkaError>> {
    const failures = new Map<string, KafkaError>()
    const attempt = async (): Promise<void> => {
      const committer = this.#who()?.committer
      const call = { signal: this.#cluster.closing }
      const outcomes = await commitOffsets(this.#cluster, this.#groupId, [...offsets.values()], call, committer)
      let again: Again | undefined
      for (const [key, outcome] of outcomes) {
        const offset = offsets.get(key)
        if (outcome.ok || offset === undefined) offsets.delete(key)
        else if (this.#isWorthRepeating(outcome.error, committer, offset)) again ??= new Again(outcome.error)
        else {
          failures.set(key, told(outcome.error))
          offsets.delete(key)
        }
      }
      if (again !== undefined) throw again
    }
    try {
      await retry(this.#cluster.settings, attempt, { signal: this.#cluster.closing })
    } catch (error) {
      if (!(error instanceof Again)) throw error
      for (const key of offsets.keys()) failures.set(key, told(error.reason))
    }
    return failures
  }

  #notOurs(partition: TopicPartition): Error {
    const why = this.#shutOut()
    if (why instanceof KafkaError) return told(why)
    if (why instanceof ClientClosedError) return why
    return new CommitFailedError('ILLEGAL_GENERATION', `${keyOf(partition)} isn't assigned to this consumer (any more)`)
  }

  #isWorthRepeating(error: KafkaError, committer: Committer | undefined, offset: OffsetToCommit): boolean {
    if (!unsettled.has(error.error) || committer === undefined || !this.#isOurs(offset)) return false
    const member = this.#who()
    if (error.error === 'REBALANCE_IN_PROGRESS') return true
    // The commit may be answered before the JoinGroup that began the generation.
    if (error.error === 'ILLEGAL_GENERATION' && member?.joining === true) return true
    const now = member?.committer
    const isNew = now?.generationId !== committer.generationId || now.memberId !== committer.memberId
    return isNew && (now?.generationId ?? -1) >= 0
  }
}

/** Says to `retry` that it should. */
class Again extends BrokerError {
  readonly reason: KafkaError
  constructor(reason: KafkaError) {
    super('COORDINATOR_LOAD_IN_PROGRESS', reason.message, { address: 'the coordinator' })
    this.reason = reason
  }
}

const reasons: Partial<Record<ErrorName, string>> = {
  ILLEGAL_GENERATION: 'the group has moved on without this consumer',
  UNKNOWN_MEMBER_ID: 'the group has dropped this consumer: it was silent, or its loop slower than maxPollIntervalMs',
  REBALANCE_IN_PROGRESS: 'the group is being shared out anew',
  FENCED_INSTANCE_ID: 'another consumer has taken over this groupInstanceId',
}

function told(error: KafkaError): KafkaError {
  const why = reasons[error.error]
  return why === undefined ? error : new CommitFailedError(error.error, why, { cause: error })
}

const noOffset = (wrong: OffsetToCommit): RangeError =>
  new RangeError(`the offset to commit of ${keyOf(wrong)} is ${wrong.offset}, expected 0 or more`)
