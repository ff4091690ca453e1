import assert from 'node:assert/strict'
import { PassThrough, Readable } from 'node:stream'
import { test } from 'node:test'
import { linesOf } from './lines.ts'

const never = new AbortController().signal

async function read(chunks: readonly (string | Buffer)[], signal = never): Promise<string[]> {
  const lines: string[] = []
  for await (const some of linesOf(Readable.from(chunks.map((chunk) => Buffer.from(chunk))), signal)) {
    lines.push(...some.map((line) => line.toString('latin1')))
  }
  return lines
}

test('lines end with \\n or \\r\\n, wherever the chunks are cut', async () => {
  const text = 'one\r\ntwo\n\nfour'
  for (let cut = 0; cut <= text.length; cut += 1) {
    assert.deepEqual(await read([text.slice(0, cut), text.slice(cut)]), ['one', 'two', '', 'four'], `cut at ${cut}`)
  }
})

test('bytes that are no UTF-8 come through as they are', async () => {
  assert.deepEqual(await read([Buffer.from([0xff, 0xe9, 0x0a])]), ['\u00ff\u00e9'])
})

test('nothing gives no line, and a line end at the end begins no further one', async () => {
  assert.deepEqual(await read([]), [])
  assert.deepEqual(await read(['one\n']), ['one'])
})

test('the signal ends the reading of a stream that says nothing more', async () => {
  const stop = new AbortController()
  const input = new PassThrough()
  input.write('one\nhalf')
  const lines: string[] = []
  for await (const some of linesOf(input, stop.signal)) {
    lines.push(...some.map(String))
    stop.abort()
  }
  assert.deepEqual(lines, ['one'])
})
