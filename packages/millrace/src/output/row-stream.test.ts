import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import type { Terminal } from '../terminal.ts'
import type { OutputFormat, Row } from './print.ts'
import { RowStream } from './row-stream.ts'

const columns = [{ name: 'name' }, { name: 'size', align: 'right' as const }]

async function printed(format: OutputFormat, rows: readonly Row[]): Promise<string> {
  const stdout = new PassThrough()
  const streams = { stdoutIsTerminal: false, stderrIsTerminal: false, stdinIsTerminal: false }
  const terminal: Terminal = {
    stdin: new PassThrough(),
    stdout,
    stderr: new PassThrough(),
    env: {},
    signal: new AbortController().signal,
    ...streams,
  }
  const text = stdout.toArray()
  const stream = new RowStream(terminal, format, columns)
  for (const row of rows) await stream.write(row)
  await stream.end()
  stdout.end()
  return Buffer.concat((await text) as Buffer[]).toString()
}

test('rows that come one by one are one table, aligned by what a terminal shows', async () => {
  const text = await printed('table', [
    { name: '注文', size: 5 },
    { name: 'a-long-name', size: 12_345 },
  ])
  assert.equal(text, 'NAME          SIZE\n注文             5\na-long-name  12345\n')
})

test('ten thousand rows have one heading, and are all there in each format', async () => {
  const rows = Array.from({ length: 10_000 }, (_, size) => ({ name: `row ${size}`, size }))
  const lines = (await printed('table', rows)).trimEnd().split('\n')
  assert.deepEqual([lines.length, lines.filter((line) => line.startsWith('NAME')).length], [10_001, 1])
  assert.deepEqual(JSON.parse(await printed('json', rows)), rows)
  assert.equal((await printed('ndjson', rows)).trimEnd().split('\n').length, 10_000)
})

test('no rows are nothing in a table, and an empty array in JSON', async () => {
  assert.equal(await printed('table', []), '')
  assert.equal(await printed('json', []), '[]\n')
})
