import { errorMessage } from '@millrace/kernel'
import { parseProperties } from '../checkpoint/properties.ts'
import type { DumpRow } from './dump-row.ts'
import { damageRow } from './dump-row.ts'

/** The lines of a checkpoint: one offset for each partition, or one for each leader epoch. */
export function* dumpCheckpoint(bytes: Uint8Array, fields: readonly string[]): Generator<DumpRow> {
  const text = new TextDecoder().decode(bytes)
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  if (lines.length === 0) return
  const [version, count, ...entries] = lines
  let position = (version?.length ?? 0) + (count?.length ?? 0) + 2
  if (version !== '0') yield damageRow({ position: 0, sizeBytes: version?.length ?? 0 }, 'version 0', version ?? '')
  for (const line of entries) {
    yield checkpointRow(line, fields) ?? damageRow({ position, sizeBytes: line.length }, fields.join(' '), line)
    position += line.length + 1
  }
  if (Number(count) === entries.length) return
  yield damageRow({ position: 2, sizeBytes: count?.length ?? 0 }, `${count} entries, as it says`, `${entries.length}`)
}

function checkpointRow(line: string, fields: readonly string[]): DumpRow | undefined {
  const words = line.split(/\s+/)
  if (words.length !== fields.length) return undefined
  const values = fields.map(
    (name, slot) => [name, name === 'topic' ? (words[slot] ?? '') : Number(words[slot])] as const,
  )
  if (values.some(([, value]) => typeof value === 'number' && !Number.isSafeInteger(value))) return undefined
  return { type: 'line', ...Object.fromEntries(values) }
}

/** `name=value` and `name: value` lines, as in meta.properties and partition.metadata. */
export function* dumpProperties(bytes: Uint8Array): Generator<DumpRow> {
  for (const [name, value] of parseProperties(new TextDecoder().decode(bytes))) yield { type: 'line', name, value }
}

export function* dumpJson(bytes: Uint8Array): Generator<DumpRow> {
  const text = new TextDecoder().decode(bytes)
  try {
    for (const [name, value] of Object.entries(JSON.parse(text) as object)) {
      yield { type: 'line', name, value: typeof value === 'string' ? value : JSON.stringify(value) }
    }
  } catch (error) {
    yield damageRow({ position: 0, sizeBytes: bytes.length }, 'JSON', errorMessage(error))
  }
}
