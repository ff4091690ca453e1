import type { FetchedRecord } from './fetched-record.ts'
import type { PartitionState } from './partition-state.ts'

/** Whoever takes the records out: a loop over records, or a run over batches. A consumer has one at a time. */
export interface Reader {
  /** There may be more to take now. */
  serve(): void
  /** Reading can't go on. False where nobody waits who could be told. */
  fail(error: unknown): boolean
  /** The consumer is closed. What comes back settles when the program is done with what it was given; it never rejects. */
  end(): Promise<void> | undefined
  /** How long the program has been busy with what it was given (or gone), in ms; 0 while it waits for more. */
  busyForMs(nowMs: number): number
}

/** What a reader needs of its consumer. */
export interface ReadingContext {
  /** Some of what was buffered was taken: there is room for more. */
  roomMade(): void
  /** Its next record waits for something (to be unpacked, to be claimed): `serve` is called when that is over. */
  serveLater(state: PartitionState): void
  /** Whether all there was to read is read. */
  atEnd(): boolean
  /** Whether the consumer is closed. */
  closed(): boolean
  /** Starts reading, if nobody did. */
  start(): void
  /** The program is back with the consumer. */
  cameBack(): void
  /** Commits what is done, where that is automatic: the reader ends. */
  settle(): Promise<void>
  /** An error that nobody has been told of yet. */
  takeFailure(): { readonly error: unknown } | undefined
  nowMs(): number
  /** A record is handed out. */
  taken(record: FetchedRecord): void
}
