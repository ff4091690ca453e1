// What the tests ask of every client, whatever its own interface looks like.
export const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
export type Codec = (typeof codecs)[number]

export type Headers = readonly (readonly [string, string])[]

export interface NewRecord {
  readonly key?: string | null
  readonly value: string | null
  readonly headers?: Headers
  readonly timestampMs?: number
  readonly partition?: number
}

export interface ReadRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly key: string | null
  readonly value: string | null
  readonly headers: Headers
  readonly timestampMs: number
}

export interface ProduceOptions {
  readonly codec?: Codec
  readonly idempotent?: boolean
}

export interface MemberOptions {
  readonly group: string
  readonly topic: string
  readonly instanceId?: string
  readonly cooperative?: boolean
  /** How long a fetch of it may wait for records. */
  readonly fetchWaitMs?: number
  /** Where it is; only Java's and our own say so. */
  readonly rack?: string
}

export interface Client {
  readonly name: string
  // For node:test: false, or why this client can't be had here.
  readonly skip: string | false
  // What its producing side can't do.
  readonly cannotSet: readonly ('timestamps' | 'partitions')[]
  readonly produce: (
    bootstrap: string,
    topic: string,
    records: readonly NewRecord[],
    options?: ProduceOptions,
  ) => Promise<void>
  // Reads from the beginning, until it has that many records.
  readonly consume: (bootstrap: string, topics: readonly string[], count: number) => Promise<ReadRecord[]>
  readonly join: (bootstrap: string, options: MemberOptions) => Promise<Member>
}

// A group member as its client reports it.
export class Member {
  readonly records: ReadRecord[] = []
  readonly #partitions = new Set<string>()
  readonly #watchers = new Set<() => void>()
  // How often it was given partitions.
  assignments = 0
  // Leaves the group as a client does that is closed in good order; each client puts in its own.
  leave: () => Promise<void> = () => Promise.resolve()

  get assigned(): string[] {
    return [...this.#partitions].toSorted()
  }

  received(record: ReadRecord): void {
    this.records.push(record)
    this.#changed()
  }

  // Eager: all that it has now.
  hasAll(partitions: Iterable<string>): void {
    this.#partitions.clear()
    this.gets(partitions)
  }

  gets(partitions: Iterable<string>): void {
    this.assignments += 1
    for (const partition of partitions) this.#partitions.add(partition)
    this.#changed()
  }

  loses(partitions: Iterable<string>): void {
    for (const partition of partitions) this.#partitions.delete(partition)
    this.#changed()
  }

  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  #changed(): void {
    for (const watcher of this.#watchers) watcher()
  }
}

// Until the members, looked at together, satisfy the condition.
export function untilMembers(
  members: readonly Member[],
  condition: () => boolean,
  what: string,
  timeoutMs = 30_000,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const unwatch: (() => void)[] = []
    const settle = (act: () => void): void => {
      clearTimeout(deadline)
      for (const stop of unwatch) stop()
      act()
    }
    const late = (): void => {
      const state = members
        .map((member) => `${member.assigned.join(' ')} (${member.records.length} records)`)
        .join(' | ')
      settle(() => reject(new Error(`not ${what} after ${timeoutMs} ms; members have: ${state}`)))
    }
    const deadline = setTimeout(late, timeoutMs)
    const look = (): void => {
      if (condition()) settle(resolve)
    }
    for (const member of members) unwatch.push(member.watch(look))
    look()
  })
}

let next = 0
export const uniqueName = (prefix: string): string => `${prefix}-${process.pid}-${next++}`
