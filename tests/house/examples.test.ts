// Every program in examples/, run as its first lines say.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { globSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startBroker } from '@millrace/broker'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))

async function output(...args: readonly string[]): Promise<string> {
  const { stdout } = await run(process.execPath, ['-C', 'millrace-source', ...args], {
    cwd: root,
    timeout: 60_000,
    // A test runner that finds itself inside another one reports to that one.
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
  })
  return stdout
}

const says: Readonly<Record<string, readonly string[]>> = {
  'examples/produce-consume.ts': ['42: two lamps', '43: a chair', '42: no, three lamps'],
  'examples/embedded-broker.ts': ['the first record that is left has offset 1'],
  'examples/faults.ts': ['in the topic, once each: ten, twenty'],
}

test('every example has what it should say', () => {
  assert.deepEqual(globSync('examples/*.ts', { cwd: root }).toSorted(), Object.keys(says).toSorted())
})

for (const [file, expected] of Object.entries(says)) {
  test(`${file} runs and says what it should`, async () => {
    await using broker = await startBroker()
    const said = (await output(file, broker.bootstrapServers)).split('\n')
    for (const line of expected) assert.ok(said.includes(line), `${line} is not in ${said.join('\n')}`)
  })
}

test('the example for node:test passes', async () => {
  assert.match(await output('--test', 'examples/testing/node-test.test.ts'), /pass 1\b[\s\S]*fail 0\b/)
})
