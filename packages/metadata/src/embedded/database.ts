import type { Revision } from '@millrace/kernel'
import type { SQLOutputValue } from 'node:sqlite'
import { DatabaseSync } from 'node:sqlite'
import { afterAllKeys } from '../key-order.ts'
import type { Change, CommitResult, Entry, Snapshot, Transaction } from '../store.ts'
import type { KeySpace } from '../transact.ts'
import { evaluate } from '../transact.ts'
import type { Backlog } from '../watch-feed.ts'
import { prepareSchema } from './schema.ts'
import { lockTimeoutMs, switchToWal } from './wal-mode.ts'

type Row = Record<string, SQLOutputValue>

/** The key space in its SQLite file, which any number of processes of the machine have open. Every call blocks. */
export class MetadataDatabase implements KeySpace {
  readonly #database: DatabaseSync
  readonly #historyMax: number
  readonly #statements: ReturnType<typeof prepareStatements>

  constructor(path: string, historyMax: number) {
    this.#database = new DatabaseSync(path, { timeout: lockTimeoutMs })
    this.#historyMax = historyMax
    switchToWal(this.#database, lockTimeoutMs)
    this.#database.exec('PRAGMA synchronous = FULL')
    prepareSchema(this.#database, path)
    this.#statements = prepareStatements(this.#database)
  }

  get(key: string): Pick<Entry, 'createRevision' | 'modRevision'> | undefined {
    const row = this.#statements.revisions.get(key)
    if (row === undefined) return undefined
    return { createRevision: revisionIn(row, 'create_revision'), modRevision: revisionIn(row, 'mod_revision') }
  }

  hasSession(sessionId: string): boolean {
    return this.#statements.session.get(sessionId) !== undefined
  }

  /** Changes whenever another connection, of any process, has committed. */
  dataVersion(): number {
    return Number(this.#statements.dataVersion.get()?.['data_version'])
  }

  revision(): Revision {
    return revisionIn(this.#statements.state.get() ?? {}, 'revision')
  }

  snapshot(prefix: string): Snapshot {
    return this.#reading(() => ({
      revision: this.revision(),
      entries: this.#statements.entries.all(prefix, prefix + afterAllKeys).map(entryOf),
    }))
  }

  /** What somebody who knows `from` has missed. */
  since(from: Revision): Backlog {
    const backlog = this.#reading((): Backlog | null => {
      if (from < revisionIn(this.#statements.state.get() ?? {}, 'compacted')) return null
      return { kind: 'changes', revision: this.revision(), changes: this.#statements.history.all(from).map(changeOf) }
    })
    return backlog ?? { kind: 'snapshot', snapshot: this.snapshot('') }
  }

  /** Commits each transaction as a revision of its own, all of them with one fsync. */
  commit(transactions: readonly Transaction[]): CommitResult[] {
    return this.#writing(() => transactions.map((transaction) => this.#commitOne(transaction)))
  }

  addSession(sessionId: string, ttlMs: number, bootId: string): void {
    this.#writing(() => this.#statements.addSession.run(sessionId, ttlMs, bootId))
  }

  /** Ends the session and deletes its keys, as one revision. */
  removeSession(sessionId: string): void {
    this.#writing(() => {
      const keys = this.#statements.keysOfSession.all(sessionId).map((row) => String(row['key']))
      this.#commitOne({ conditions: [], ops: keys.map((key) => ({ kind: 'delete', key })) })
      this.#statements.removeSession.run(sessionId)
    })
  }

  sessions(): { readonly id: string; readonly bootId: string }[] {
    return this.#statements.sessions.all().map((row) => ({ id: String(row['id']), bootId: String(row['boot_id']) }))
  }

  close(): void {
    this.#database.close()
  }

  #commitOne(transaction: Transaction): CommitResult {
    const before = this.revision()
    const revision = (before + 1) as Revision
    const changes = evaluate(transaction, this, revision)
    if (changes === null) return { kind: 'conflict' }
    if (changes.length === 0) return { kind: 'committed', revision: before }
    for (const [position, change] of changes.entries()) this.#write(change, revision, position)
    this.#statements.setRevision.run(revision)
    return { kind: 'committed', revision }
  }

  #write(change: Change, revision: Revision, position: number): void {
    if (change.kind === 'delete') {
      this.#statements.remove.run(change.key)
      this.#statements.remember.run(revision, position, change.key, null, 0, null)
    } else {
      const { key, value, createRevision, modRevision, sessionId } = change.entry
      this.#statements.put.run(key, value, createRevision, modRevision, sessionId)
      this.#statements.remember.run(revision, position, key, value, createRevision, sessionId)
    }
  }

  #writing<T>(work: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      this.#compact()
      this.#database.exec('COMMIT')
      return result
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }

  #reading<T>(work: () => T): T {
    this.#database.exec('BEGIN')
    try {
      return work()
    } finally {
      this.#database.exec('COMMIT')
    }
  }

  // A revision is dropped whole or not at all.
  #compact(): void {
    const changes = Number(this.#statements.historySize.get()?.['changes'])
    if (changes <= 2 * this.#historyMax) return
    const last = this.#statements.revisionAt.get(changes - this.#historyMax - 1)
    const compacted = revisionIn(last ?? {}, 'revision')
    this.#statements.forget.run(compacted)
    this.#statements.setCompacted.run(compacted)
  }
}

const prepareStatements = (database: DatabaseSync) => ({
  dataVersion: database.prepare('PRAGMA data_version'),
  state: database.prepare('SELECT revision, compacted FROM state'),
  setRevision: database.prepare('UPDATE state SET revision = ?'),
  setCompacted: database.prepare('UPDATE state SET compacted = ?'),
  revisions: database.prepare('SELECT create_revision, mod_revision FROM entries WHERE key = ?'),
  entries: database.prepare('SELECT * FROM entries WHERE key >= ? AND key < ? ORDER BY key'),
  put: database.prepare('INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?)'),
  remove: database.prepare('DELETE FROM entries WHERE key = ?'),
  history: database.prepare('SELECT * FROM history WHERE revision > ? ORDER BY revision, position'),
  historySize: database.prepare('SELECT count(*) AS changes FROM history'),
  revisionAt: database.prepare('SELECT revision FROM history ORDER BY revision, position LIMIT 1 OFFSET ?'),
  remember: database.prepare('INSERT INTO history VALUES (?, ?, ?, ?, ?, ?)'),
  forget: database.prepare('DELETE FROM history WHERE revision <= ?'),
  session: database.prepare('SELECT 1 FROM sessions WHERE id = ?'),
  sessions: database.prepare('SELECT id, boot_id FROM sessions'),
  addSession: database.prepare('INSERT INTO sessions VALUES (?, ?, ?)'),
  removeSession: database.prepare('DELETE FROM sessions WHERE id = ?'),
  keysOfSession: database.prepare('SELECT key FROM entries WHERE session_id = ? ORDER BY key'),
})

const revisionIn = (row: Row, column: string): Revision => Number(row[column]) as Revision
const textOrNull = (value: SQLOutputValue | undefined): string | null => (typeof value === 'string' ? value : null)

const entryOf = (row: Row): Entry => ({
  key: String(row['key']),
  value: String(row['value']),
  createRevision: revisionIn(row, 'create_revision'),
  modRevision: revisionIn(row, 'mod_revision'),
  sessionId: textOrNull(row['session_id']),
})

function changeOf(row: Row): Change {
  const revision = revisionIn(row, 'revision')
  const key = String(row['key'])
  const value = textOrNull(row['value'])
  if (value === null) return { kind: 'delete', key, revision }
  const createRevision = revisionIn(row, 'create_revision')
  const sessionId = textOrNull(row['session_id'])
  return { kind: 'put', entry: { key, value, createRevision, modRevision: revision, sessionId } }
}
