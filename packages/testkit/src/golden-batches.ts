import assert from 'node:assert/strict'
import {
  type Codec,
  type WholeBatch,
  type WholeRecord,
  buildMarkerBatch,
  decodeBatches,
  encodeBatch,
  readMarker,
} from '@millrace/protocol'

interface GoldenRecord {
  readonly offset: number
  readonly timestamp: number
  readonly key: string | null
  readonly value: string | null
  readonly headers: readonly { readonly key: string; readonly value: string | null }[]
}

/** Everything that a WholeBatch says, as JSON. */
interface GoldenBatch {
  readonly records: readonly GoldenRecord[]
}

/** A line of batches.jsonl: batches that Apache Kafka built. */
interface BatchLine {
  readonly compression: Codec
  readonly batches: readonly GoldenBatch[]
  readonly hex: string
}

/** One of its last lines: a transaction marker. */
interface MarkerLine {
  readonly control: 'COMMIT' | 'ABORT'
  readonly coordinatorEpoch: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseOffset: number
  readonly hex: string
}

/** Throws where the batches don't read as the values, or what is written of them doesn't read as the same. */
export function checkBatchLine(text: string): void {
  const line = JSON.parse(text) as BatchLine | MarkerLine
  const batches = decodeBatches(new Uint8Array(Buffer.from(line.hex, 'hex')))
  if ('control' in line) checkMarker(line, batches)
  else checkBatches(line, batches)
}

function checkBatches({ compression, batches, hex }: BatchLine, decoded: readonly WholeBatch[]): void {
  assert.equal(decoded.length, batches.length, 'there are as many batches')
  const read = batches.map((golden, i) => goldenOf(decoded[i] as WholeBatch, Object.keys(golden)))
  assert.deepEqual(read, batches, 'the batches read as other values')
  assert.ok(
    decoded.every((batch) => batch.compression === compression),
    `a batch isn't compressed with ${compression}`,
  )
  const written = Buffer.concat(decoded.map(encodeBatch))
  // Encoders differ, so a compressed batch may be other bytes: it must read as the same.
  if (compression === 'none') assert.equal(written.toString('hex'), hex, 'the batches are written as other bytes')
  const again = decodeBatches(new Uint8Array(written))
  assert.deepEqual(again.map(withoutCrc), decoded.map(withoutCrc), 'what was written reads as other values')
}

const withoutCrc = (batch: WholeBatch): WholeBatch => ({ ...batch, crc: 0 })

/** What of a batch a golden line speaks of. */
function goldenOf(batch: WholeBatch, names: readonly string[]): unknown {
  const golden: Readonly<Record<string, unknown>> = { ...batch, records: batch.records.map(goldenRecordOf) }
  return Object.fromEntries(names.map((name) => [name, golden[name]]))
}

const goldenRecordOf = ({ offset, timestamp, key, value, headers }: WholeRecord): GoldenRecord => ({
  offset,
  timestamp,
  key: base64Of(key),
  value: base64Of(value),
  headers: headers.map((header) => ({ key: header.key, value: base64Of(header.value) })),
})

const base64Of = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes).toString('base64')

function checkMarker(line: MarkerLine, batches: readonly WholeBatch[]): void {
  const [batch, ...others] = batches
  const [record] = batch?.records ?? []
  assert.ok(batch !== undefined && record !== undefined && others.length === 0, 'a marker is one batch of one record')
  const { baseOffset, isControlBatch, producerEpoch, producerId } = batch
  const expected = { committed: line.control === 'COMMIT', coordinatorEpoch: line.coordinatorEpoch }
  assert.deepEqual(readMarker(record), expected, 'the marker reads as another')
  assert.deepEqual(
    { baseOffset, isControlBatch, producerEpoch, producerId },
    {
      baseOffset: line.baseOffset,
      isControlBatch: true,
      producerEpoch: line.producerEpoch,
      producerId: line.producerId,
    },
  )
  const written = buildMarkerBatch({
    ...expected,
    producerId,
    producerEpoch,
    timestampMs: record.timestamp,
    baseOffset,
    leaderEpoch: batch.partitionLeaderEpoch,
  })
  assert.equal(Buffer.from(written).toString('hex'), line.hex, 'the marker is written as other bytes')
}
