import type { DatabaseSync } from 'node:sqlite'

/** Version of the tables below. A newer one is refused: what it means can't be known. */
const formatVersion = 1

const tables = `
  CREATE TABLE format (version INTEGER NOT NULL);
  INSERT INTO format VALUES (${formatVersion});
  CREATE TABLE state (revision INTEGER NOT NULL, compacted INTEGER NOT NULL);
  INSERT INTO state VALUES (0, 0);
  CREATE TABLE entries (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL,
    create_revision INTEGER NOT NULL,
    mod_revision INTEGER NOT NULL,
    session_id TEXT
  );
  CREATE INDEX entries_of_session ON entries (session_id) WHERE session_id IS NOT NULL;
  CREATE TABLE history (
    revision INTEGER NOT NULL,
    position INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT,
    create_revision INTEGER NOT NULL,
    session_id TEXT,
    PRIMARY KEY (revision, position)
  ) WITHOUT ROWID;
  CREATE TABLE sessions (id TEXT NOT NULL PRIMARY KEY, ttl_ms INTEGER NOT NULL, boot_id TEXT NOT NULL) WITHOUT ROWID;
`

/** Makes the tables where there are none; refuses a file of a newer format. */
export function prepareSchema(database: DatabaseSync, path: string): void {
  if (!hasTables(database)) createTables(database)
  const version = Number(database.prepare('SELECT version FROM format').get()?.['version'])
  if (version === formatVersion) return
  throw new Error(
    `${path} has metadata format ${version}, this broker knows up to ${formatVersion}: a newer Millrace wrote it`,
  )
}

const hasTables = (database: DatabaseSync): boolean =>
  database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'format'").get() !== undefined

// Another process may be doing the same: whoever has the lock second finds the tables there.
function createTables(database: DatabaseSync): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    if (!hasTables(database)) database.exec(tables)
    database.exec('COMMIT')
  } catch (error) {
    database.exec('ROLLBACK')
    throw error
  }
}
