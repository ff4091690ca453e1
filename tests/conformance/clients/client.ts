// What the checks ask of every client, whatever its own interface looks like.

export interface ReadOptions {
  readonly bootstrap: string
  readonly topic: string
  /** Bytes that a fetch may bring of one partition. */
  readonly fetchBytes: number
  readonly committedOnly: boolean
  /** Called with each record's value and partition; reading ends when it says so. */
  readonly seen: (value: string, partition: number) => 'more' | 'enough'
  /** Ends the reading where nothing else does. */
  readonly signal: AbortSignal
}

interface TestedProducer {
  /** Resolves when the record is acknowledged. */
  send(topic: string, key: Buffer | null, value: Buffer): Promise<unknown>
  close(): Promise<unknown>
}

export interface TestedClient {
  readonly name: string
  /** Reads from the start until it is told that it is enough, fails as its user would see it, or is stopped. */
  read(options: ReadOptions): Promise<void>
  /** Waits for all replicas; with idempotence as its documentation says to have it. */
  producer(bootstrap: string, idempotent: boolean): Promise<TestedProducer>
  /** Reads one record, tells of it, and has something else to do from then on: it never resolves. */
  readSlowly(bootstrap: string, topic: string, first: () => void): Promise<void>
}

/** Resolves when the signal is set. */
export const stopped = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
