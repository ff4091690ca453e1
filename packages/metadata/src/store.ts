import type { Revision } from '@millrace/kernel'

/** One key with its value. Values are text (JSON with a version of ours); no value is larger than 1 MiB. */
export interface Entry {
  readonly key: string
  readonly value: string
  /** Revision of the transaction that created the key (since it was last absent). */
  readonly createRevision: Revision
  /** Revision of the last transaction that wrote it. */
  readonly modRevision: Revision
  /** The session that the key vanishes with, if any. */
  readonly sessionId: string | null
}

/** What must be true for a transaction to happen. Revision 0 means that the key is absent. */
export type Condition =
  | { readonly key: string; readonly modRevision: Revision }
  | { readonly key: string; readonly createRevision: Revision }

export type Op =
  | { readonly kind: 'put'; readonly key: string; readonly value: string; readonly sessionId?: string }
  | { readonly kind: 'delete'; readonly key: string }

/**
 * All or nothing, at one revision. A key is written once at most. Deleting what isn't there changes nothing; a
 * transaction that changes nothing has no revision of its own.
 */
export interface Transaction {
  readonly conditions: readonly Condition[]
  readonly ops: readonly Op[]
}

/**
 * `conflict`: a condition didn't hold, or a session of a put is gone, and nothing was written. `unknown`: the store didn't answer, the transaction
 * may or may not have happened; it is never retried blindly.
 */
export type CommitResult =
  | { readonly kind: 'committed'; readonly revision: Revision }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'unknown'; readonly reason: string }

export interface Snapshot {
  readonly revision: Revision
  readonly entries: readonly Entry[]
}

export type Change =
  | { readonly kind: 'put'; readonly entry: Entry }
  | { readonly kind: 'delete'; readonly key: string; readonly revision: Revision }

export interface WatchListener {
  /** All changes up to `revision`, in order, each revision whole. An empty list only says that time went on. */
  changed(revision: Revision, changes: readonly Change[]): void
  /** The history was compacted: this is all there is now, in place of everything seen before. */
  replaced(snapshot: Snapshot): void
}

export interface Watch {
  close(): void
}

/** A lease on being alive: its keys vanish when its owner stops renewing. It renews itself until it is closed. */
export interface Session {
  readonly id: string
  readonly ttlMs: number
  /**
   * Monotonic time, by the store's clock, at which the last renewal that succeeded was *sent*: what only the lease
   * vouches for ends at 0.7 of `ttlMs` after it.
   */
  readonly renewedAtMs: number
  /** Whether that time isn't over, by the store's clock. Ask at each use: no timer can be trusted with it. */
  vouches(): boolean
  /** Called once when the session is known to be gone; its keys are then gone or soon will be. */
  onLost(listener: () => void): void
  /** Ends the session and deletes its keys at once. */
  close(): Promise<void>
}

/**
 * The small key space that holds who is alive, who leads what, topics, settings and credentials: all that the rest
 * of the code knows of consensus. Keys are paths (`/topics/orders`), compared as UTF-8 bytes.
 */
export interface MetadataStore {
  read(prefix: string): Promise<Snapshot>
  /** Resolves after this store's own watches have heard of what it committed. */
  commit(transaction: Transaction): Promise<CommitResult>
  /** Calls the listener for every change of keys under `prefix` after `from`, without gap or repeat. */
  watch(prefix: string, from: Revision, listener: WatchListener): Watch
  openSession(ttlMs: number): Promise<Session>
  /** Ends watches and renewals; sessions that weren't closed end by themselves. */
  close(): Promise<void>
}
