import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import report from '../../tools/test-progress.ts'

type ProgressEvent = Parameters<typeof report>[0] extends AsyncIterable<infer Event> ? Event : never

const file = join(process.cwd(), 'tests/long/fuzz.test.ts')
const ended = (name: string, details: object = {}): ProgressEvent => ({
  type: 'test:complete',
  data: { name, file, details: { type: 'test', passed: true, duration_ms: 1, ...details } },
})

function failed(name: string, cause: unknown, failureType: string): ProgressEvent {
  const error = Object.assign(new Error('a test failed', { cause }), { failureType })
  return ended(name, { passed: false, error, duration_ms: 92_000 })
}

async function* from(events: readonly ProgressEvent[]): AsyncGenerator<ProgressEvent> {
  yield* events
}

async function said(...events: readonly ProgressEvent[]): Promise<string> {
  let text = ''
  for await (const piece of report(from(events))) text += piece
  return text
}

test('a test that fails is said with its name, file and error while others still run', async () => {
  const { promise: never } = Promise.withResolvers<void>()
  async function* running(): AsyncGenerator<ProgressEvent> {
    yield failed('it has not grown', new Error('seed 7', { cause: new Error('grown by 152 MiB') }), 'testCodeFailure')
    await never
  }
  const { value } = await report(running()).next()
  assert.match(String(value), /^✖ tests\/long\/fuzz\.test\.ts: it has not grown \(92 s\)\n {2}Error: seed 7\n/)
  assert.match(String(value), /^ +\[cause\]: Error: grown by 152 MiB$/m)
})

test('tests that pass are dots, and named where they took long', async () => {
  const text = await said(ended('a'), ended('b'), ended('c', { duration_ms: 90_000 }), ended('d'))
  assert.equal(text, '..\n✔ tests/long/fuzz.test.ts: c (90 s)\n.\n')
})

test('suites and files are not told beside the tests in them', async () => {
  const whole = [ended('a suite', { type: 'suite' }), ended('tests/long/fuzz.test.ts')]
  assert.equal(await said(ended('a'), ...whole), '.\n')
  assert.equal(await said(failed('a suite', '1 subtest failed', 'subtestsFailed')), '')
})

test('a file that ends without having run its tests is said', async () => {
  const text = await said(failed('tests/long/fuzz.test.ts', 'test failed', 'testCodeFailure'))
  assert.equal(text, "✖ tests/long/fuzz.test.ts: tests/long/fuzz.test.ts (92 s)\n  'test failed'\n")
})

test('what a test has to say is said with its file; the counts of the run are not', async () => {
  const seed: ProgressEvent = { type: 'test:diagnostic', data: { message: 'seed 7', file } }
  const count: ProgressEvent = { type: 'test:diagnostic', data: { message: 'tests 7' } }
  assert.equal(await said(ended('a'), seed, count), '.\nℹ tests/long/fuzz.test.ts: seed 7\n')
})
