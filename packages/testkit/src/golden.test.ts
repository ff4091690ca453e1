import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { checkGolden } from './golden.ts'

const goldenFolder = fileURLToPath(new URL('../golden', import.meta.url))

test('what Apache Kafka wrote reads as its values and is written as its bytes', () => {
  const { passed, failures } = checkGolden(goldenFolder)
  assert.deepEqual(failures, [])
  assert.equal(passed, 1366 + 62 + 200)
})

test('a golden line that differs is a failure with its place', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-golden-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const json = { throttleTimeMs: 0, errorCode: 1 }
  const line = { name: 'HeartbeatResponse', version: 1, hex: '000000000002', json }
  writeFileSync(join(folder, 'messages.jsonl'), `${JSON.stringify(line)}\n`)
  const { passed, failures } = checkGolden(folder)
  assert.equal(passed, 0)
  assert.equal(failures[0]?.line, 1)
  assert.match(failures[0]?.message ?? '', /HeartbeatResponse v1 decodes to other values/)
})
