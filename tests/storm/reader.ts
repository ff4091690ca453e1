import assert from 'node:assert/strict'
import type { Connection } from '@millrace/connection'
import { batches, batchField, fetchApi, readRecords } from '@millrace/protocol'
import type { Writer } from './writer.ts'
import { recordsPerBatch, versions } from './writer.ts'

export interface Found {
  readonly offset: number
  readonly key: string
  readonly value: string
}

/** One fetch; records before `from` that lie in its batch are left out. */
export const fetchFrom = async (
  connection: Connection,
  topic: string,
  from: number,
  maxBytes: number,
): Promise<readonly Found[]> => (await fetchBatches(connection, topic, from, maxBytes)).found

/** Also says where the next fetch goes on: behind batches that compaction emptied, too. */
export async function fetchBatches(
  connection: Connection,
  topic: string,
  from: number,
  maxBytes: number,
): Promise<{ readonly found: readonly Found[]; readonly next: number }> {
  const partitions = [{ partition: 0, fetchOffset: from, partitionMaxBytes: maxBytes }]
  const body = { maxWaitMs: 100, minBytes: 1, topics: [{ topic, partitions }] }
  const { responses } = await connection.request(fetchApi, body, { versions })
  const partition = responses[0]?.partitions[0]
  assert.equal(partition?.errorCode, 0)
  const bytes = partition?.records ?? Buffer.alloc(0)
  const found: Found[] = []
  let next = from
  for (const position of batches(bytes)) {
    next = batchField.lastOffset(bytes, position) + 1
    for (const { offset, key, value } of readRecords(bytes, {}, position)) {
      if (offset >= from)
        found.push({ offset, key: String(Buffer.from(key ?? [])), value: String(Buffer.from(value ?? [])) })
    }
  }
  return { found, next }
}

/** What one idempotent writer of a topic without compaction wrote is there once, in order, at the offset of its number. */
export function checkInOrder(writer: Writer, from: number, found: readonly Found[]): void {
  for (const [slot, { offset, value }] of found.entries()) {
    assert.equal(offset, from + slot, `${writer.topic}: offsets without gaps`)
    assert.ok(value === writer.valueOf(offset), `${writer.topic} has ${value.slice(0, 40)} at ${offset}`)
  }
}

/** A topic from its start to its end. */
export async function readAll(
  connection: Connection,
  topic: string,
  see: (from: number, found: readonly Found[]) => void,
): Promise<void> {
  for (let at = 0; ;) {
    const { found, next } = await fetchBatches(connection, topic, at, 4 * 1024 * 1024)
    if (next === at) return
    see(at, found)
    at = next
  }
}

/** What was acknowledged of a topic without compaction is there, in order, where it was acknowledged. Returns how many there are. */
export async function checkAllThere(connection: Connection, writer: Writer): Promise<number> {
  let end = 0
  await readAll(connection, writer.topic, (from, found) => {
    checkInOrder(writer, from, found)
    end = from + found.length
  })
  for (const { offset, sequence } of writer.acknowledged) assert.equal(offset, sequence, 'where it was acknowledged')
  const last = writer.acknowledged.at(-1)
  if (last !== undefined) assert.ok(end >= last.offset + recordsPerBatch, `${writer.topic} ends at ${end}`)
  return end
}

/** Reads a topic from its start, again and again, which the tail in memory can't serve. */
export class ColdReader {
  readonly #writer: Writer
  reads = 0

  constructor(writer: Writer) {
    this.#writer = writer
  }

  /** Until the connection breaks. */
  async read(connection: Connection): Promise<void> {
    let at = 0
    try {
      for (;;) {
        const found = await fetchFrom(connection, this.#writer.topic, at, 512 * 1024)
        checkInOrder(this.#writer, at, found)
        at = found.length === 0 ? 0 : at + found.length
        this.reads += 1
      }
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error
    }
  }
}
