import type { ItemDecision } from './decision.ts'
import { opsPerTransactionMax } from './decision.ts'
import type { StoreCondition, StoreOp, StoreTransaction } from './store-types.ts'

/** Decisions that are committed at once. */
export interface DecisionBatch<Item, Answer> {
  readonly decisions: readonly ItemDecision<Item, Answer>[]
  /** What they write; null where they write nothing, or where the only one of them takes several transactions. */
  readonly transaction: StoreTransaction | null
}

/** Deciding takes time too: so many, and others have a turn. */
const decisionsPerBatchMax = 40

/**
 * The decisions in as few transactions as a store takes: an image per topic makes thousands of topics quadratic. The
 * decisions are asked for as they are needed. A batch that meets a conflict is tried again with each on its own.
 */
export function* batchDecisions<Item, Answer>(
  decisions: Iterable<ItemDecision<Item, Answer>>,
): Generator<DecisionBatch<Item, Answer>, void, undefined> {
  let batch = new Batch<Item, Answer>()
  for (const decision of decisions) {
    if (!batch.hasRoomFor(decision)) {
      yield batch
      batch = new Batch()
    }
    batch.add(decision)
  }
  if (batch.decisions.length > 0) yield batch
}

class Batch<Item, Answer> implements DecisionBatch<Item, Answer> {
  readonly decisions: ItemDecision<Item, Answer>[] = []
  readonly #conditions = new Set<StoreCondition>()
  readonly #ops = new Map<string, StoreOp>()
  #isLong = false

  get transaction(): StoreTransaction | null {
    if (this.#isLong || this.#ops.size === 0) return null
    return { conditions: [...this.#conditions], ops: [...this.#ops.values()] }
  }

  hasRoomFor({ transactions }: ItemDecision<Item, Answer>): boolean {
    if (this.decisions.length === 0) return true
    const [transaction, another] = transactions
    if (this.#isLong || another !== undefined || this.decisions.length >= decisionsPerBatchMax) return false
    if (transaction === undefined) return true
    const { conditions, ops } = transaction
    const isSmall =
      this.#ops.size + ops.length <= opsPerTransactionMax &&
      this.#conditions.size + conditions.length <= opsPerTransactionMax
    // What one wrote the other didn't see.
    return isSmall && ops.every(({ key }) => !this.#ops.has(key))
  }

  add(decision: ItemDecision<Item, Answer>): void {
    this.decisions.push(decision)
    const [transaction, another] = decision.transactions
    this.#isLong = another !== undefined
    if (transaction === undefined || this.#isLong) return
    for (const condition of transaction.conditions) this.#conditions.add(condition)
    for (const op of transaction.ops) this.#ops.set(op.key, op)
  }
}
