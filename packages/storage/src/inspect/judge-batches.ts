import { batchField } from '@millrace/protocol'
import type { FileHandle } from '../io/file-system.ts'
import type { WalkStep } from './walk-batches.ts'
import { walkBatches } from './walk-batches.ts'

/** Where a log stands before a batch: offsets only rise, and leader epochs never fall. */
export interface Lineage {
  readonly endOffset: number
  readonly lastEpoch: number
}

/** What no batch of a segment can reach. */
export interface LineageLimit {
  /** Where the next segment begins. */
  readonly beforeOffset: number
  readonly maxEpoch: number
}

/** A batch with a good CRC. */
export interface JudgedBatch {
  readonly bytes: Uint8Array
  readonly at: number
  readonly position: number
}

export type JudgedStep =
  | Exclude<WalkStep, { readonly kind: 'batch' }>
  /** It fits; `lineage` is where the log stands behind it. */
  | { readonly kind: 'batch'; readonly batch: JudgedBatch; readonly lineage: Lineage }
  /** Offset and epoch lie outside of the CRC: this one's can't be right. */
  | { readonly kind: 'stray'; readonly batch: JudgedBatch; readonly expected: string; readonly got: string }

/**
 * The batches of a segment, each judged by those around it: where two contradict each other and the second goes with
 * what came before, it is the first that is wrong. So one bad offset doesn't condemn all that follows.
 */
export function* judgeBatches(
  file: FileHandle,
  sizeBytes: number,
  start: Lineage,
  limit: LineageLimit,
): Generator<JudgedStep, Lineage, undefined> {
  let before = start
  let pending: JudgedBatch | undefined
  for (const step of walkBatches(file, sizeBytes)) {
    if (step.kind !== 'batch' && pending !== undefined) {
      const judged = judge(pending, before, undefined, limit)
      before = judged.kind === 'batch' ? judged.lineage : before
      pending = undefined
      yield judged
    }
    if (step.kind !== 'batch') {
      yield step
      continue
    }
    const next = copyOf(step)
    if (pending !== undefined) {
      const judged = judge(pending, before, next, limit)
      before = judged.kind === 'batch' ? judged.lineage : before
      yield judged
    }
    pending = next
  }
  if (pending === undefined) return before
  const last = judge(pending, before, undefined, limit)
  yield last
  return last.kind === 'batch' ? last.lineage : before
}

// The walk uses its memory for the next one.
function copyOf({ bytes, at, position }: JudgedBatch): JudgedBatch {
  return { bytes: bytes.slice(at, at + batchField.sizeBytes(bytes, at)), at: 0, position }
}

type Verdict = Extract<JudgedStep, { readonly batch: JudgedBatch }>

function judge(batch: JudgedBatch, before: Lineage, next: JudgedBatch | undefined, limit: LineageLimit): Verdict {
  const problem = contradiction(batch, before, limit)
  if (problem !== undefined) return { kind: 'stray', batch, ...problem }
  const lineage = behind(batch)
  if (next === undefined || contradiction(next, lineage, limit) === undefined) return { kind: 'batch', batch, lineage }
  if (contradiction(next, before, limit) !== undefined) return { kind: 'batch', batch, lineage }
  const [baseOffset, epoch] = [batchField.baseOffset(next.bytes, 0), batchField.leaderEpoch(next.bytes, 0)]
  const expected = `at most offset ${baseOffset - 1} and leader epoch ${epoch}, as the next batch has ${baseOffset}`
  return { kind: 'stray', batch, expected, got: `offset ${lineage.endOffset - 1}, leader epoch ${lineage.lastEpoch}` }
}

const behind = ({ bytes, at }: JudgedBatch): Lineage => ({
  endOffset: batchField.lastOffset(bytes, at) + 1,
  lastEpoch: batchField.leaderEpoch(bytes, at),
})

function contradiction(
  { bytes, at }: JudgedBatch,
  { endOffset, lastEpoch }: Lineage,
  limit: LineageLimit,
): { readonly expected: string; readonly got: string } | undefined {
  const [baseOffset, lastOffset] = [batchField.baseOffset(bytes, at), batchField.lastOffset(bytes, at)]
  const epoch = batchField.leaderEpoch(bytes, at)
  if (baseOffset < endOffset) return { expected: `a base offset of at least ${endOffset}`, got: String(baseOffset) }
  if (lastOffset >= limit.beforeOffset) {
    return { expected: `a last offset below ${limit.beforeOffset}`, got: String(lastOffset) }
  }
  if (epoch < lastEpoch) return { expected: `a leader epoch of at least ${lastEpoch}`, got: String(epoch) }
  if (epoch > limit.maxEpoch) return { expected: `a leader epoch of at most ${limit.maxEpoch}`, got: String(epoch) }
  return undefined
}
