import type { RecordMetadata } from '../record.ts'

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/**
 * Makes what `send` answers: a plain object. No literal does, for V8 makes a literal's objects in the old generation once
 * many of the first have survived a collection, as they do while the young generation is small; there each one is garbage
 * until the next full collection, 20 MB a second of them.
 */
function WrittenRecordOf(
  this: Writable<RecordMetadata>,
  topic: string,
  partition: number,
  offset: number,
  timestamp: number,
): void {
  this.topic = topic
  this.partition = partition
  this.offset = offset
  this.timestamp = timestamp
}
WrittenRecordOf.prototype = Object.prototype

// A function that makes objects, which TypeScript knows of classes alone; theirs would not be plain.
const constructor: unknown = WrittenRecordOf

export const WrittenRecord = constructor as new (
  topic: string,
  partition: number,
  offset: number,
  timestamp: number,
) => RecordMetadata
