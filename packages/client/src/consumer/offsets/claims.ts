import type { PartitionState } from '../reading/partition-state.ts'
import type { OffsetToCommit } from './commits.ts'

/** Records that one commit claims: so many are lost at most where the program dies. Kafka's `max.poll.records`. */
const recordsPerClaim = 500

/** At most once: what is handed out was committed before, some hundred records at a time. */
export class Claims {
  readonly #commit: (offsets: readonly OffsetToCommit[]) => Promise<void>
  readonly #under = new Set<PartitionState>()

  constructor(commit: (offsets: readonly OffsetToCommit[]) => Promise<void>) {
    this.#commit = commit
  }

  /** Claims what the partition may hand out next. Resolves when it is, or when somebody else is doing so. */
  async claim(state: PartitionState): Promise<void> {
    const { unclaimed, moves } = state
    if (unclaimed === undefined || this.#under.has(state)) return
    this.#under.add(state)
    try {
      const { topic, partition } = state
      const offset = Math.max(unclaimed.offset + 1, Math.min(unclaimed.offset + recordsPerClaim, state.fetchOffset))
      await this.#commit([{ topic, partition, offset, leaderEpoch: unclaimed.leaderEpoch }])
      if (state.moves === moves) state.claimedTo = offset
    } finally {
      this.#under.delete(state)
    }
  }
}
