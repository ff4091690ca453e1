import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import type { Terminal } from './terminal.ts'
import { confirm } from './terminal.ts'

const asked = (stdin: PassThrough, signal = new AbortController().signal): Terminal => ({
  stdin,
  stdout: new PassThrough(),
  stderr: new PassThrough(),
  env: {},
  stdoutIsTerminal: true,
  stderrIsTerminal: true,
  stdinIsTerminal: true,
  signal,
})

test('only y and yes go on', async () => {
  for (const [answer, goesOn] of [
    ['y', true],
    ['YES', true],
    ['n', false],
    ['', false],
  ] as const) {
    const stdin = new PassThrough()
    stdin.end(`${answer}\n`)
    const confirmed = confirm(asked(stdin), 'Delete it?', false)
    await (goesOn ? confirmed : assert.rejects(confirmed, /left as it was/))
  }
})

test('Ctrl-C is a no, and nobody waits for another line', async () => {
  const stop = new AbortController()
  const confirmed = confirm(asked(new PassThrough(), stop.signal), 'Delete it?', false)
  stop.abort()
  await assert.rejects(confirmed, /left as it was/)
})
