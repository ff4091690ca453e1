import type { PartitionState } from '../reading/partition-state.ts'
import type { OffsetToCommit } from './commits.ts'

/** Records that one commit claims: so many are lost at most where the program dies. Kafka's `max.poll.records`. */
const recordsPerClaim = 500

/** At most once: what is handed out was committed before, some hundred records at a time. */
export class Claims {
  readonly #commit: (offsets: readonly OffsetToCommit[]) => Promise<void>
  readonly #underWay = new Map<PartitionState, Promise<void>>()

  constructor(commit: (offsets: readonly OffsetToCommit[]) => Promise<void>) {
    this.#commit = commit
  }

  /** Claims what the partition may hand out next; resolves when it is claimed. */
  claim(state: PartitionState): Promise<void> {
    const underWay = this.#underWay.get(state)
    if (underWay !== undefined) return underWay
    const claiming = this.#claim(state).finally(() => this.#underWay.delete(state))
    this.#underWay.set(state, claiming)
    return claiming
  }

  async #claim(state: PartitionState): Promise<void> {
    const { unclaimed, moves, topic, partition } = state
    if (unclaimed === undefined) return
    const offset = Math.max(unclaimed.offset + 1, Math.min(unclaimed.offset + recordsPerClaim, state.fetchOffset))
    await this.#commit([{ topic, partition, offset, leaderEpoch: unclaimed.leaderEpoch }])
    if (state.moves === moves) state.claimedTo = offset
  }
}
