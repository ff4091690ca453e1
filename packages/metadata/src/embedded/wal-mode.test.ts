import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { switchToWal } from './wal-mode.ts'

function twoConnections(t: TestContext): { first: DatabaseSync; second: DatabaseSync } {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-wal-'))
  const [first, second] = [1, 2].map(() => new DatabaseSync(join(folder, 'new.db'), { timeout: 1 }))
  assert.ok(first !== undefined && second !== undefined)
  t.after(() => {
    for (const database of [first, second]) database.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return { first, second }
}

const modeOf = (database: DatabaseSync): unknown => database.prepare('PRAGMA journal_mode').get()?.['journal_mode']

test('who finds a new file in the hands of another process switches it to WAL when that one lets go', (t) => {
  const { first, second } = twoConnections(t)
  first.exec('BEGIN IMMEDIATE')
  let pauses = 0
  switchToWal(second, 60_000, () => {
    pauses += 1
    if (pauses === 3) first.exec('COMMIT')
  })
  assert.equal(pauses, 3)
  assert.equal(modeOf(second), 'wal')
})

test('a file that another process never lets go of is said to be locked', (t) => {
  const { first, second } = twoConnections(t)
  first.exec('BEGIN IMMEDIATE')
  assert.throws(() => switchToWal(second, 20), /database is locked/)
})

test('what waiting would not help is thrown at once', (t) => {
  const { first } = twoConnections(t)
  first.close()
  assert.throws(() => switchToWal(first, 60_000, () => assert.fail('it waited')), /database is not open/)
  first.open()
})
