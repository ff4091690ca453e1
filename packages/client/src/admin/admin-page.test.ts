// docs/admin.md says what `Admin` has, and what Java's Admin of Apache Kafka 4.3 has.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Admin } from './admin.ts'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

/** The rows of the table of methods: ours, Kafka's requests, and Java's. */
const rows = read('../../../../docs/admin.md')
  .split('\n')
  .filter((line) => / \(\d+\)/.test(line) && line.startsWith('|'))
  .map((line) => line.split('|').map((cell) => cell.trim()))

const codeIn = (cell = ''): string[] => Array.from(cell.matchAll(/`(\w+)`/g), ([, name]) => name ?? '')

/** What isn't asked of a cluster. */
const local = new Set([
  'close',
  'create',
  'metrics',
  'registerMetricForSubscription',
  'unregisterMetricFromSubscription',
])

test('every method of Admin has its row, and every row is a method', async () => {
  await using admin = new Admin({ bootstrapServers: 'localhost' })
  const names = [...Object.keys(admin), ...Object.getOwnPropertyNames(Admin.prototype)]
  const methods = new Set(names.filter((name) => name !== 'constructor' && !local.has(name)))
  assert.deepEqual(rows.flatMap(([, ours]) => codeIn(ours)).toSorted(), [...methods].toSorted())
})

test("every method of Java's Admin has a row that says what does it here", () => {
  const java = read('../../../testkit/golden/admin-methods.txt').trimEnd().split('\n')
  const named = new Set(rows.flatMap((cells) => codeIn(cells[4])))
  assert.deepEqual(
    java.filter((name) => !named.has(name) && !local.has(name)),
    [],
  )
})
