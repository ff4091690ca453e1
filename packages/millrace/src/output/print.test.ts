import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import type { Terminal } from '../terminal.ts'
import { printRows, tableText } from './print.ts'

const columns = [{ name: 'name' }, { name: 'size', align: 'right' as const }]
const rows = [
  { name: '注文', size: 5, extra: [1, 2] },
  { name: 'a-long-name', size: 12_345, extra: null },
]

test('a table aligns by what a terminal shows, wide characters too', () => {
  const lines = tableText(columns, rows).split('\n')
  assert.deepEqual(lines, ['NAME          SIZE', '注文             5', 'a-long-name  12345'])
})

test('an empty table is its headings', () => {
  assert.equal(tableText(columns, []), 'NAME  SIZE')
})

async function printed(format: 'json' | 'ndjson'): Promise<string> {
  const stdout = new PassThrough()
  const terminal: Terminal = {
    stdin: new PassThrough(),
    stdout,
    stderr: new PassThrough(),
    env: {},
    signal: new AbortController().signal,
    stdoutIsTerminal: false,
    stderrIsTerminal: false,
    stdinIsTerminal: false,
  }
  await printRows(terminal, format, columns, rows)
  stdout.end()
  return Buffer.concat(await stdout.toArray()).toString()
}

test('JSON carries every field of a row, as one array or one object a line', async () => {
  assert.deepEqual(JSON.parse(await printed('json')), rows)
  const lines = (await printed('ndjson')).trimEnd().split('\n')
  assert.deepEqual(
    lines.map((line) => JSON.parse(line) as unknown),
    rows,
  )
})
