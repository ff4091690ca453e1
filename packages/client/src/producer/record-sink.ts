import type { RecordMetadata } from '../record.ts'
import type { Completion } from './completion.ts'
import type { AnyRecord } from './record-draft.ts'

/** What a sink needs of its producer. */
export interface SinkTarget {
  /** Puts a record in; a promise where it has to wait for room. */
  enter(record: AnyRecord, completion: Completion): Promise<void> | undefined
  flush(): Promise<void>
}

/**
 * A stream of records, or of arrays of them. Writing waits for room in the producer's buffer, not for answers; the first
 * record that can't be delivered fails the stream, and closing waits until all are delivered.
 */
export function recordSink(target: SinkTarget): WritableStream<AnyRecord | readonly AnyRecord[]> {
  const outcome = new StreamOutcome()
  return new WritableStream({
    start: (controller) => {
      outcome.onFailure = (error) => controller.error(error)
    },
    write: async (given) => {
      const records: readonly AnyRecord[] = Array.isArray(given) ? (given as AnyRecord[]) : [given as AnyRecord]
      for (const record of records) await target.enter(record, outcome)
    },
    close: async () => {
      await target.flush()
      if (outcome.failure !== undefined) throw outcome.failure.error
    },
  })
}

class StreamOutcome implements Completion {
  failure: { readonly error: unknown } | undefined
  onFailure: (error: unknown) => void = () => {}

  succeed(_index: number, _metadata: RecordMetadata): void {
    // A stream has nobody to tell where a record went.
  }

  fail(_index: number, error: unknown): void {
    if (this.failure !== undefined) return
    this.failure = { error }
    this.onFailure(error)
  }
}
