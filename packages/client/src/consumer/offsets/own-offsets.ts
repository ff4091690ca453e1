import { errorMessage } from '@millrace/kernel'
import { abortable, delay } from '../../cluster/abort.ts'
import type { TopicPartition } from '../../record.ts'
import type { ConsumerContext } from '../consumer-context.ts'
import type { PartitionState } from '../reading/partition-state.ts'
import { Claims } from './claims.ts'
import type { Commits, OffsetToCommit } from './commits.ts'

/** At the end nobody waits longer than this for a coordinator that doesn't answer. */
const lastCommitMs = 10_000

/** What the consumer itself commits of the partitions it reads, and what it knows to be committed. */
export class OwnOffsets {
  readonly #context: ConsumerContext
  readonly #commits: Commits | undefined
  readonly #claims: Claims | undefined

  /** Without `commits` nothing is ever committed: there is no group. */
  constructor(context: ConsumerContext, commits: Commits | undefined) {
    this.#context = context
    this.#commits = commits
    if (context.settings.atMostOnce) this.#claims = new Claims((offsets) => this.commit(offsets))
  }

  /** Commits these offsets as they are. */
  async commit(offsets: readonly OffsetToCommit[], signal?: AbortSignal): Promise<void> {
    if (this.#commits === undefined) throw new TypeError('a consumer without groupId has no offsets to commit')
    if (this.#context.cluster.closing.aborted) throw this.#context.stop.reason
    await this.#commits.commit(offsets, signal)
    if (offsets.length > 0) this.#context.counts.commits += 1
    for (const each of offsets) {
      const state = this.#context.partitions.get(each)
      if (state !== undefined) state.committedOffset = each.offset
    }
  }

  /** Who commits a record is done with it: a commit of what is done must not go back behind it. */
  doneTo(partition: TopicPartition, offset: number): void {
    const state = this.#context.partitions.get(partition)
    if (state !== undefined) state.doneOffset = Math.max(state.doneOffset, Math.min(offset, state.position))
  }

  /** Commits all that is done and isn't committed. */
  commitAllDone(signal?: AbortSignal): Promise<void> {
    const offsets = Array.from(this.#context.partitions)
      .filter(({ doneOffset, committedOffset }) => doneOffset >= 0 && doneOffset !== committedOffset)
      .map(doneOf)
    return this.commit(offsets, signal)
  }

  /**
   * The automatic commit at an end: of a loop, of the partitions' time here, of the consumer. What is claimed and wasn't
   * handed out is given back. Never rejects.
   */
  async commitDone(when: 'left' | 'revoked' | 'closed'): Promise<void> {
    const { settings, partitions, cluster } = this.#context
    const isEnd = when !== 'left'
    if (this.#commits === undefined || (settings.atMostOnce ? !isEnd : !settings.autoCommit)) return
    if (!settings.atMostOnce) return this.#quietly(() => this.commitAllDone(this.#limit(when)))
    const unused = Array.from(partitions).filter((state) => state.claimedTo > state.position)
    for (const state of unused) state.claimedTo = state.position
    const offsets = unused.map(({ topic, partition, position: offset }) => ({ topic, partition, offset }))
    return this.#quietly(() => this.commit(offsets, cluster.closing))
  }

  /** At the end: waits for commits of the program that are under way, though not for ever. Never rejects. */
  async allAnswered(): Promise<void> {
    const { autoCommit, atMostOnce } = this.#context.settings
    // The last automatic commit comes behind them.
    if (this.#commits === undefined || autoCommit || atMostOnce) return
    try {
      await abortable(this.#commits.answered, this.#limit('closed'))
    } catch {
      this.#context.cluster.settings.logger.warn('a commit was still under way when the consumer was closed')
    }
  }

  /** Commits what is done every `autoCommitIntervalMs` until the consumer is closed. */
  async commitRegularly(): Promise<void> {
    const { settings, cluster, stop } = this.#context
    if (!settings.autoCommit || settings.atMostOnce) return
    while (!stop.aborted) {
      await delay(cluster.settings.clock, settings.autoCommitIntervalMs, stop)
      await this.#quietly(() => this.commitAllDone(stop))
    }
  }

  /** At most once: the partition's next records are committed, then they come out. */
  async claim(state: PartitionState): Promise<void> {
    await this.#claims?.claim(state)
  }

  #limit(when: 'left' | 'revoked' | 'closed'): AbortSignal {
    const { closing } = this.#context.cluster
    return when === 'closed' ? AbortSignal.any([closing, AbortSignal.timeout(lastCommitMs)]) : closing
  }

  async #quietly(commit: () => Promise<void>): Promise<void> {
    try {
      await commit()
    } catch (error) {
      const { cluster, settings } = this.#context
      cluster.settings.logger.warn('an automatic commit failed: what is done will be committed with the next', {
        group: settings.groupId,
        error: errorMessage(error),
      })
    }
  }
}

const doneOf = ({ topic, partition, doneOffset, doneEpoch }: PartitionState): OffsetToCommit => ({
  topic,
  partition,
  offset: doneOffset,
  leaderEpoch: doneEpoch,
})
