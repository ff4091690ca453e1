import { readdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { StatementSync } from 'node:sqlite'
import { DatabaseSync } from 'node:sqlite'
import { lockTimeoutMs, switchToWal } from './wal-mode.ts'

// Kept as SQLite's user_version; 0 is a file that nobody wrote to yet.
const formatVersion = 1

/**
 * Until when each session lives, in the machine's monotonic time. It is a file of its own, without fsync: renewals are
 * many, and mean nothing after the machine's next boot, which has another file.
 */
export class Deadlines {
  readonly #database: DatabaseSync
  readonly #put: StatementSync
  readonly #extend: StatementSync
  readonly #claim: StatementSync
  readonly #remove: StatementSync
  readonly #all: StatementSync

  /** `storePath` is the store's own file, which this one lies beside. */
  constructor(storePath: string, bootId: string) {
    const path = `${storePath}-sessions-${bootId}`
    removeOtherBoots(storePath, path)
    this.#database = new DatabaseSync(path, { timeout: lockTimeoutMs })
    refuseNewer(this.#database, path)
    switchToWal(this.#database, lockTimeoutMs)
    this.#database.exec('PRAGMA synchronous = OFF')
    this.#database.exec(
      `CREATE TABLE IF NOT EXISTS deadlines (id TEXT NOT NULL PRIMARY KEY, deadline_ms INTEGER NOT NULL) WITHOUT ROWID;
       PRAGMA user_version = ${formatVersion}`,
    )
    this.#put = this.#database.prepare('INSERT INTO deadlines VALUES (?, ?)')
    this.#extend = this.#database.prepare('UPDATE deadlines SET deadline_ms = ? WHERE id = ?')
    this.#claim = this.#database.prepare('DELETE FROM deadlines WHERE id = ? AND deadline_ms < ?')
    this.#remove = this.#database.prepare('DELETE FROM deadlines WHERE id = ?')
    this.#all = this.#database.prepare('SELECT id, deadline_ms FROM deadlines')
  }

  put(sessionId: string, deadlineMs: number): void {
    this.#put.run(sessionId, deadlineMs)
  }

  /** False when the session has none any more: it has been claimed. */
  extend(sessionId: string, deadlineMs: number): boolean {
    return this.#extend.run(deadlineMs, sessionId).changes === 1
  }

  /** Takes the deadline away if it is past. From then on no renewal succeeds, so that the session may be ended. */
  claim(sessionId: string, nowMs: number): void {
    this.#claim.run(sessionId, nowMs)
  }

  remove(sessionId: string): void {
    this.#remove.run(sessionId)
  }

  all(): ReadonlyMap<string, number> {
    return new Map(this.#all.all().map((row) => [String(row['id']), Number(row['deadline_ms'])]))
  }

  close(): void {
    this.#database.close()
  }
}

function refuseNewer(database: DatabaseSync, path: string): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
  if (version <= formatVersion) return
  database.close()
  throw new Error(`${path} has format ${version}, this broker knows up to ${formatVersion}: a newer Millrace wrote it`)
}

function removeOtherBoots(storePath: string, ownPath: string): void {
  const folder = dirname(storePath)
  const prefix = `${basename(storePath)}-sessions-`
  for (const name of readdirSync(folder)) {
    if (name.startsWith(prefix) && !join(folder, name).startsWith(ownPath)) rmSync(join(folder, name), { force: true })
  }
}
