// What the metadata store says and takes, as @millrace/metadata types it: machines may not import that package, so
// these are the same shapes, as far as the controller needs them.
import type { Revision } from '@millrace/kernel'

export interface StoredEntry {
  readonly key: string
  readonly value: string
  /** Revision of the transaction that created the key (since it was last absent). */
  readonly createRevision: Revision
  /** Revision of the last transaction that wrote it. */
  readonly modRevision: Revision
}

export interface StoredSnapshot {
  readonly revision: Revision
  readonly entries: readonly StoredEntry[]
}

export type StoredChange =
  | { readonly kind: 'put'; readonly entry: StoredEntry }
  | { readonly kind: 'delete'; readonly key: string; readonly revision: Revision }

/** What must be true for a transaction to happen. Revision 0 means that the key is absent. */
export type StoreCondition =
  | { readonly key: string; readonly modRevision: Revision }
  | { readonly key: string; readonly createRevision: Revision }

export type StoreOp =
  | { readonly kind: 'put'; readonly key: string; readonly value: string; readonly sessionId?: string }
  | { readonly kind: 'delete'; readonly key: string }

export interface StoreTransaction {
  readonly conditions: readonly StoreCondition[]
  readonly ops: readonly StoreOp[]
}
