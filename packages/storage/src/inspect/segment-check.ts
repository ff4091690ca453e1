import type { ReadRecord } from '@millrace/protocol'
import { batchAttribute, batchField, CorruptRecordsError, readMarker, readRecords } from '@millrace/protocol'
import type { CheckStep, Range } from './finding.ts'
import { IndexCheck } from './index-check.ts'
import type { PartitionCheck } from './partition-check.ts'
import type { SegmentFile } from './partition-files.ts'
import type { JudgedBatch, Lineage } from './judge-batches.ts'
import { judgeBatches } from './judge-batches.ts'

/** Walks a segment once: its batches, and what its indexes say of them. */
export function* checkSegment(check: PartitionCheck, segment: SegmentFile): Generator<CheckStep, void, undefined> {
  check.totals.segments += 1
  const index = new IndexCheck(check, segment)
  yield* index.load()
  check.endOffset = Math.max(check.endOffset, segment.baseOffset)
  const file = check.fileSystem.open(segment.path, 'read')
  const survey = new Survey(check.endOffset)
  let counted = 0
  try {
    for (const step of judgeBatches(file, segment.sizeBytes, check, check.limitOf(segment))) {
      const position = 'batch' in step ? step.batch.position : step.position
      check.totals.bytes += position - counted
      counted = position
      yield { kind: 'progress' }
      if (step.kind === 'damage') {
        index.skip(step.position, step.until)
        yield* damagedBatch(check, segment, step)
      } else if (step.kind === 'stray') {
        index.skip(position, position + step.batch.bytes.length)
        yield* strayBatch(check, segment, step)
      } else if (step.kind === 'batch') {
        survey.keep(step.batch, step.lineage)
        yield* goodBatch(check, segment, step, index)
      }
    }
  } finally {
    file.close()
  }
  check.totals.bytes += segment.sizeBytes - counted
  yield* index.end()
  const { baseOffset, path, sizeBytes } = segment
  const torn = check.torn?.segment === baseOffset ? check.torn : null
  const seen = { keep: survey.kept, lost: survey.lost, endOffset: check.endOffset, torn }
  yield { kind: 'segment', survey: { partition: check.hints.name, baseOffset, path, sizeBytes, ...seen } }
}

/** Notes which bytes are good batches, and what offsets the others had. */
class Survey {
  readonly kept: Range[] = []
  readonly lost: Range[] = []
  #endOffset: number

  constructor(endOffset: number) {
    this.#endOffset = endOffset
  }

  keep({ bytes, at, position }: JudgedBatch, { endOffset }: Lineage): void {
    const last = this.kept.at(-1)
    const until = position + batchField.sizeBytes(bytes, at)
    const baseOffset = batchField.baseOffset(bytes, at)
    if (last?.until === position) this.kept[this.kept.length - 1] = { from: last.from, until }
    else {
      const isBehindDamage = position > 0
      if (isBehindDamage && baseOffset > this.#endOffset) this.lost.push({ from: this.#endOffset, until: baseOffset })
      this.kept.push({ from: position, until })
    }
    this.#endOffset = endOffset
  }
}

function* goodBatch(
  check: PartitionCheck,
  segment: SegmentFile,
  { batch, lineage }: { readonly batch: JudgedBatch; readonly lineage: Lineage },
  index: IndexCheck,
): Generator<CheckStep> {
  check.totals.batches += 1
  check.totals.records += batchField.recordCount(batch.bytes, batch.at)
  yield* index.batch(batch.bytes, batch.at, batch.position)
  yield* checkEpoch(check, batch)
  yield* checkContent(check, segment, batch)
  check.endOffset = lineage.endOffset
  check.lastEpoch = lineage.lastEpoch
}

function* strayBatch(
  check: PartitionCheck,
  segment: SegmentFile,
  step: { readonly batch: JudgedBatch; readonly expected: string; readonly got: string },
): Generator<CheckStep> {
  const [offset, { position }] = [check.endOffset, step.batch]
  if (check.torn !== undefined) return
  if (check.isRecovered(offset)) check.torn = { segment: segment.baseOffset, position, offset }
  const level = check.torn === undefined ? 'damage' : 'mends'
  const place = { position, offset, segment: segment.baseOffset }
  yield check.finding(level, 'batch', segment.path, [step.expected, step.got], place)
}

function* damagedBatch(
  check: PartitionCheck,
  segment: SegmentFile,
  step: { readonly position: number; readonly until: number; readonly damage: { expected: string; got: string } },
): Generator<CheckStep> {
  const offset = check.endOffset
  const isTail = check.isLast(segment) && step.until === segment.sizeBytes
  // The last batch of a log that is written to may be half there.
  if (check.hints.live && isTail) return
  const isCut = check.isRecovered(offset) || (isTail && offset >= check.hints.recoveryPoint)
  if (check.torn !== undefined) return
  if (check.isRecovered(offset)) check.torn = { segment: segment.baseOffset, position: step.position, offset }
  const place = { position: step.position, offset, segment: segment.baseOffset }
  const got = `${step.damage.got} (${step.until - step.position} bytes are no batch)`
  yield check.finding(isCut ? 'mends' : 'damage', 'batch', segment.path, [step.damage.expected, got], place)
}

// Once is enough: what follows is wrong by the same entry.
function* checkEpoch(check: PartitionCheck, { bytes, at }: JudgedBatch): Generator<CheckStep> {
  const epoch = batchField.leaderEpoch(bytes, at)
  const offset = batchField.lastOffset(bytes, at)
  const known = check.epochs?.epochAt(offset)
  if (known === undefined || known === epoch || epoch < 0 || check.isRecovered(offset)) return
  if (check.hints.live || offset < check.hints.logStartOffset) return
  check.epochs = undefined
  const path = `${check.files.folder}/leader-epoch-checkpoint`
  yield check.finding('damage', 'epochs', path, [`leader epoch ${epoch}, as in the batch`, String(known)], { offset })
}

function* checkContent(check: PartitionCheck, segment: SegmentFile, batch: JudgedBatch): Generator<CheckStep> {
  const { bytes, at, position } = batch
  const isControl = (batchField.attributes(bytes, at) & batchAttribute.control) !== 0
  if (!isControl && !check.readRecords) return
  try {
    for (const record of readRecords(bytes, {}, at)) if (isControl) readControl(record)
  } catch (error) {
    if (!(error instanceof CorruptRecordsError)) throw error
    const place = { position, offset: batchField.baseOffset(bytes, at), segment: segment.baseOffset }
    yield check.finding('damage', 'records', segment.path, ['records that can be read', error.message], place)
  }
}

const readControl = (record: ReadRecord): void => void readMarker(record)
