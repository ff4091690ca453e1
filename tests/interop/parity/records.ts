// Record batches as a recorded fact writes them.
import type { Codec } from '@millrace/protocol'
import { batchField, buildBatch, decodeBatch, writeCrc } from '@millrace/protocol'
import type { Json } from './case.ts'
import type { Value } from './placeholders.ts'

// All but the records may be left out.
interface BatchFact {
  // Key, value.
  readonly records: readonly (readonly [string | null, string | null])[]
  // Of the first record; each further one is 1000 ms later.
  readonly timeMs?: number
  readonly codec?: Codec
  readonly producerId?: number
  readonly producerEpoch?: number
  readonly sequence?: number
  readonly transactional?: boolean
  readonly control?: boolean
  // Bytes that are put over what was built, by their position; the CRC is made right again unless `wrongCrc` is true.
  readonly patch?: { readonly [position: string]: number }
  readonly wrongCrc?: boolean
}

const someTimeMs = 1_700_000_000_000
const crcEnd = 21

export function recordBytes(value: Value): Uint8Array {
  const fact = value as object as BatchFact
  const bytes = buildBatch({
    compression: fact.codec ?? 'none',
    producerId: fact.producerId ?? -1,
    producerEpoch: fact.producerEpoch ?? -1,
    baseSequence: fact.sequence ?? -1,
    transactional: fact.transactional ?? false,
    control: fact.control ?? false,
    records: fact.records.map(([key, text], i) => ({
      key: key === null ? null : Buffer.from(key),
      value: text === null ? null : Buffer.from(text),
      timestampMs: (fact.timeMs ?? someTimeMs) + i * 1000,
    })),
  })
  for (const [position, byte] of Object.entries(fact.patch ?? {})) bytes[Number(position)] = byte
  if (fact.wrongCrc !== true) writeCrc(bytes, 0)
  else bytes[crcEnd - 1] = (bytes[crcEnd - 1] ?? 0) ^ 1
  return bytes
}

// Apache Kafka may cut the last batch in the middle, which clients read past.
export function batchFacts(bytes: Uint8Array): Json {
  const facts: Json[] = []
  for (let at = 0; at + 12 <= bytes.length && at + batchField.sizeBytes(bytes, at) <= bytes.length;) {
    const batch = decodeBatch(bytes, at)
    const values = batch.records.map(({ value }) => (value === null ? 'null' : Buffer.from(value).toString()))
    const { baseOffset, lastOffset, partitionLeaderEpoch, compression } = batch
    facts.push(`${baseOffset}-${lastOffset} of epoch ${partitionLeaderEpoch}, ${compression}: ${values.join()}`)
    at += batchField.sizeBytes(bytes, at)
  }
  return facts
}
