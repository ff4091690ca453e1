import type { Clock, Revision, Timer } from '@millrace/kernel'
import { asRevision } from '@millrace/kernel'
import { checkTransaction } from '../check-transaction.ts'
import { compareKeys } from '../key-order.ts'
import type { Change, CommitResult, Entry, Snapshot, Transaction } from '../store.ts'
import type { KeySpace } from '../transact.ts'
import { evaluate, keyOf } from '../transact.ts'
import type { Backlog } from '../watch-feed.ts'

interface MemorySession {
  readonly ttlMs: number
  expiry: Timer
}

/** How many changes are kept for watches that come late. */
export const historyChangesMax = 5_000

/** A key space in this process's memory, which any number of stores share: one for each broker of a simulation. */
export class MemorySpace implements KeySpace {
  readonly #clock: Clock
  readonly #historyMax: number
  readonly #entries = new Map<string, Entry>()
  readonly #sessions = new Map<string, MemorySession>()
  readonly #listeners = new Set<(revision: Revision, changes: readonly Change[]) => void>()
  #history: Change[] = []
  #compacted = asRevision(0)
  #revision = asRevision(0)

  constructor(clock: Clock, historyMax: number = historyChangesMax) {
    this.#clock = clock
    this.#historyMax = historyMax
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key)
  }

  hasSession(sessionId: string): boolean {
    return this.#sessions.has(sessionId)
  }

  snapshot(prefix: string): Snapshot {
    const entries = [...this.#entries.values()].filter((entry) => entry.key.startsWith(prefix))
    return { revision: this.#revision, entries: entries.toSorted((a, b) => compareKeys(a.key, b.key)) }
  }

  commit(transaction: Transaction): CommitResult {
    checkTransaction(transaction)
    const revision = asRevision(this.#revision + 1)
    const changes = evaluate(transaction, this, revision)
    if (changes === null) return { kind: 'conflict' }
    if (changes.length > 0) this.#apply(revision, changes)
    return { kind: 'committed', revision: this.#revision }
  }

  /** What a watch that knows `from` has missed. */
  since(from: Revision): Backlog {
    if (from < this.#compacted) return { kind: 'snapshot', snapshot: this.snapshot('') }
    const changes = this.#history.filter((change) => revisionOf(change) > from)
    return { kind: 'changes', revision: this.#revision, changes }
  }

  /** Tells of every revision when it happens. Returns how to stop. */
  onChange(listener: (revision: Revision, changes: readonly Change[]) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  openSession(sessionId: string, ttlMs: number): void {
    this.#sessions.set(sessionId, { ttlMs, expiry: this.#expireAfter(sessionId, ttlMs) })
  }

  /** False when the session is gone. */
  renewSession(sessionId: string): boolean {
    const session = this.#sessions.get(sessionId)
    if (session === undefined) return false
    session.expiry.cancel()
    session.expiry = this.#expireAfter(sessionId, session.ttlMs)
    return true
  }

  endSession(sessionId: string): void {
    this.#sessions.get(sessionId)?.expiry.cancel()
    if (!this.#sessions.delete(sessionId)) return
    const keys = [...this.#entries.values()].filter((entry) => entry.sessionId === sessionId)
    this.commit({ conditions: [], ops: keys.map(({ key }) => ({ kind: 'delete', key })) })
  }

  #expireAfter(sessionId: string, ttlMs: number): Timer {
    return this.#clock.setTimer(ttlMs, () => this.endSession(sessionId))
  }

  #apply(revision: Revision, changes: readonly Change[]): void {
    this.#revision = revision
    for (const change of changes) {
      if (change.kind === 'put') this.#entries.set(change.entry.key, change.entry)
      else this.#entries.delete(keyOf(change))
    }
    this.#remember(changes)
    for (const listener of this.#listeners) listener(revision, changes)
  }

  #remember(changes: readonly Change[]): void {
    this.#history.push(...changes)
    if (this.#history.length <= 2 * this.#historyMax) return
    const dropped = this.#history.length - this.#historyMax
    this.#compacted = revisionOf(this.#history[dropped - 1])
    // A revision is dropped whole or not at all.
    this.#history = this.#history.filter((change) => revisionOf(change) > this.#compacted)
  }
}

const revisionOf = (change: Change | undefined): Revision =>
  change === undefined ? asRevision(0) : change.kind === 'put' ? change.entry.modRevision : change.revision
