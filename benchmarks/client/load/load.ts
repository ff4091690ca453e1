// What a load program is told, as JSON in its one argument, and the line that it answers with. Nothing here imports
// from outside of this folder: the programs also run from where the clients are installed as users have them.

export type ClientName = 'millrace' | 'kafkajs' | 'platformatic' | 'librdkafka'
export type LoadKind = 'produce' | 'latency' | 'consume' | 'fill'

// produce: one record per call, arrays of 100, or a stream that batches; consume: one record or one batch at a time.
export type Shape = 'single' | 'array' | 'stream' | 'record' | 'batch'

export interface Load {
  readonly client: ClientName
  readonly kind: LoadKind
  readonly shape: Shape
  readonly bootstrap: string
  readonly topic: string
  readonly partitions: number
  // Key and value together.
  readonly recordBytes: number
  readonly compression: 'none' | 'gzip'
  readonly lingerMs: number
  readonly batchBytes: number
  // Records that wait for their answer at a time.
  readonly outstanding: number
  // What runs before anything counts, and how long it counts.
  readonly warmupMs: number
  readonly windowMs: number
  // To write with `fill`, or those that `consume` finds.
  readonly records: number
}

export interface Measured {
  // Records answered or read in a second.
  readonly perSecond: number
  // User and system time of the client's process, in seconds.
  readonly cpuPerMillion: number
  // The most resident memory that the process had, in MiB.
  readonly peakMib: number
  readonly p50Ms?: number
  readonly p99Ms?: number
}

export interface LoadRecord {
  readonly key: Buffer
  readonly value: Buffer
}

const keyBytes = 10
const different = 10_000

// 10,000 keys, so that all partitions have their share, and text that is neither random nor all the same.
export function recordsOf(load: Load): LoadRecord[] {
  const text = 'the quick brown fox jumps over the lazy dog '.repeat(Math.ceil(load.recordBytes / 44) + 1)
  return Array.from({ length: different }, (_, i) => ({
    key: Buffer.from(`key${String(i).padStart(keyBytes - 3, '0')}`),
    value: Buffer.from(text.slice(i % 44, (i % 44) + load.recordBytes - keyBytes)),
  }))
}

export interface LoadProducer<Message> {
  message(record: LoadRecord): Message
  // Calls `answered` once for each record or for several at a time.
  send(messages: Message[], answered: (records: number) => void, failed: (error: unknown) => void): void
  close(): Promise<unknown>
}

export interface LoadClient {
  producer(load: Load): Promise<LoadProducer<unknown>>
  // Reads from the start in a group of its own, and tells of every record; resolves with what ends it.
  consume(load: Load, seen: (records: number, bytes: number) => void): Promise<() => Promise<unknown>>
}
