// What the store's two halves say to each other. The worker answers in the order in which it was asked, and tells of
// every revision before it answers anything that follows it.
import type { Revision } from '@millrace/kernel'
import type { Renewal } from '../leased-session.ts'
import type { Change, CommitResult, Snapshot, Transaction } from '../store.ts'
import type { Backlog } from '../watch-feed.ts'

/** What the worker is started with. */
export interface WorkerSettings {
  readonly path: string
  readonly bootId: string
  readonly pollMs: number
  readonly historyMax: number
}

export type Question =
  | { readonly kind: 'read'; readonly prefix: string }
  | { readonly kind: 'commit'; readonly transaction: Transaction }
  | { readonly kind: 'since'; readonly from: Revision }
  | { readonly kind: 'openSession'; readonly sessionId: string; readonly ttlMs: number }
  | { readonly kind: 'renewSession'; readonly sessionId: string }
  | { readonly kind: 'endSession'; readonly sessionId: string }
  | { readonly kind: 'close' }

export type Answer =
  | { readonly kind: 'read'; readonly snapshot: Snapshot }
  | { readonly kind: 'commit'; readonly result: CommitResult }
  | { readonly kind: 'since'; readonly backlog: Backlog }
  | { readonly kind: 'renewSession'; readonly renewal: Renewal }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly message: string }

export interface NumberedQuestion {
  readonly id: number
  readonly question: Question
}

export type WorkerMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: Answer }
  | { readonly kind: 'changed'; readonly revision: Revision; readonly changes: readonly Change[] }
  | { readonly kind: 'replaced'; readonly snapshot: Snapshot }
  /** Something in the background failed; the worker goes on. */
  | { readonly kind: 'trouble'; readonly message: string }
