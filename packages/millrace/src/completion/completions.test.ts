import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { buildProgram } from '../program.ts'
import { completionsFor } from './completions.ts'

const program = buildProgram({
  stdin: new PassThrough(),
  stdout: new PassThrough(),
  stderr: new PassThrough(),
  env: {},
  stdoutIsTerminal: false,
  stderrIsTerminal: false,
  stdinIsTerminal: false,
  signal: new AbortController().signal,
})

const complete = (...words: string[]): Promise<string[]> => completionsFor(program, words, {})

test('the first word completes to commands, without those that are hidden', async () => {
  assert.deepEqual(await complete('c'), ['cluster', 'completion', 'config', 'consume'])
  assert.ok(!(await complete('')).includes('__complete'))
})

test('a command completes to its subcommands and options', async () => {
  assert.deepEqual(await complete('topic', 'd'), ['delete', 'describe'])
  assert.deepEqual(await complete('topic', 'create', '--part'), ['--partitions'])
})

test('an option completes to its choices, and an argument too', async () => {
  assert.deepEqual(await complete('produce', 'orders', '--compression', 'z'), ['zstd'])
  assert.deepEqual(await complete('config', 'list', 't'), ['topic'])
})

test('without a broker there are no names, and no error', async () => {
  assert.deepEqual(await complete('consume', '--bootstrap-server', '127.0.0.1:1', ''), [])
})
