// The programs in the pages about the clients: all compile and begin to work, and those marked `ts run` run and print
// what they say.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startBroker } from '@millrace/broker'
import { root, type Snippet, SnippetProject, snippetsOf } from './snippets.ts'

const run = promisify(execFile)

const client = snippetsOf('docs/client.md')
const others = ['docs/admin.md', 'docs/producer.md', 'docs/consumer.md'].flatMap(snippetsOf)
const fromKafkaJs = snippetsOf('docs/client-from-kafkajs.md')

async function compile(project: SnippetProject): Promise<void> {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  try {
    await run(process.execPath, [tsc, '-p', project.folder], { cwd: root, timeout: 120_000 })
  } catch (error) {
    assert.fail((error as { stdout?: string }).stdout ?? String(error))
  }
}

const worldOfSnippets = fileURLToPath(new URL('snippet-world.ts', import.meta.url))

const column = (side: 0 | 1): Snippet[] => fromKafkaJs.filter((_, i) => i % 2 === side)

test('the programs of the pages about the clients compile', async () => {
  assert.ok(client.length > 10)
  using project = new SnippetProject('client', [...client, ...others, ...column(1)])
  await compile(project)
})

test('what is on the left of the page for those who come from kafkajs compiles, and each has its right', async () => {
  assert.ok(column(0).length > 10)
  assert.equal(column(0).length, column(1).length)
  using project = new SnippetProject('kafkajs', column(0), 'kafkajs')
  await compile(project)
})

// What needs another broker than the one here, and what is no whole program.
const cannotBegin = /kafka:9093|ca\.pem|traceparent/
const pages = { millrace: [...client.filter(({ runs }) => !runs), ...column(1)], kafkajs: column(0) } as const

const begun = (side: 'millrace' | 'kafkajs') =>
  pages[side].filter(({ code }) => !cannotBegin.test(code)).map((snippet) => ({ side, snippet }))

suite('what is no whole program', { concurrency: 2 }, () => {
  for (const { side, snippet } of [...begun('millrace'), ...begun('kafkajs')]) {
    test(`${snippet.where} begins to work`, async () => {
      await using broker = await startBroker({ settings: { 'group.initial.rebalance.delay.ms': 0 } })
      const code = snippet.code.replaceAll('localhost:9092', broker.bootstrapServers)
      using project = new SnippetProject(`begin-${snippet.where.replace(/\W/g, '-')}`, [{ ...snippet, code }], side)
      const args = [worldOfSnippets, broker.bootstrapServers, join(project.folder, project.fileOf(snippet))]
      await run(process.execPath, ['-C', 'millrace-source', ...args, side], { cwd: root, timeout: 60_000 })
    })
  }
})

for (const snippet of client.filter(({ runs }) => runs)) {
  test(`${snippet.where} runs and prints what it says`, async () => {
    await using broker = await startBroker()
    const code = snippet.code.replaceAll('localhost:9092', broker.bootstrapServers)
    using project = new SnippetProject(`run-${snippet.where.replace(/\W/g, '-')}`, [{ ...snippet, code }])
    const { stdout } = await run(
      process.execPath,
      ['-C', 'millrace-source', join(project.folder, project.fileOf(snippet))],
      { cwd: root, timeout: 60_000, env: { ...process.env, NODE_TEST_CONTEXT: undefined } },
    )
    assert.ok(snippet.prints.length > 0)
    for (const line of snippet.prints) assert.ok(stdout.split('\n').includes(line), `${line} is not in ${stdout}`)
  })
}
