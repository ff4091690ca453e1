import { asRevision, hostClock, seededRandom } from '@millrace/kernel'
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { MetadataStore } from '../store.ts'
import { MetadataDatabase } from './database.ts'
import { embeddedStore } from './embedded-store.ts'

const clock = hostClock(
  {
    wallMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    after: (ms, work) => {
      const timer = setTimeout(work, ms)
      return () => clearTimeout(timer)
    },
  },
  (error) => {
    throw error
  },
)

function newPath(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-metadata-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'metadata.db')
}

let seed = 1_000
async function open(t: TestContext, path: string): Promise<MetadataStore> {
  const store = await embeddedStore({ path, clock, random: seededRandom((seed += 1)), pollMs: 5 })
  t.after(() => store.close())
  return store
}

/** Resolves when the key is there, or isn't. */
const untilKey = (store: MetadataStore, key: string, present: boolean): Promise<void> =>
  new Promise((resolve) => {
    let there = false
    const check = (): void => {
      if (there === present) resolve()
    }
    store.watch(key, asRevision(0), {
      changed: (_revision, changes) => {
        for (const change of changes) there = change.kind === 'put'
        check()
      },
      replaced: ({ entries }) => {
        there = entries.length > 0
        check()
      },
    })
  })

const preamble = `
  import { embeddedStore } from ${JSON.stringify(new URL('./embedded-store.ts', import.meta.url).href)}
  import { hostClock, randomFrom } from ${JSON.stringify(import.meta.resolve('@millrace/kernel'))}
  import { randomBytes } from 'node:crypto'
  const clock = hostClock({
    wallMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    after: (ms, work) => { const timer = setTimeout(work, ms); return () => clearTimeout(timer) },
  }, console.error)
  const store = await embeddedStore({ path: process.argv[1], clock, random: randomFrom(randomBytes), pollMs: 5 })
`

/** Another process with the same store, and the lines that it prints; after the last one, what it said of its end. */
function otherProcess(t: TestContext, path: string, code: string): { child: ChildProcess; line(): Promise<string> } {
  const args = ['-C', 'millrace-source', '--input-type=module', '-e', preamble + code, path]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  t.after(() => void child.kill('SIGKILL'))
  const errors = text(child.stderr)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const line = async (): Promise<string> => {
    const next = await lines.next()
    return next.done === true ? `the process ended: ${await errors}` : next.value
  }
  return { child, line }
}

const exited = (child: ChildProcess): Promise<unknown> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((resolve) => void child.once('exit', resolve))

test('what was committed is there after closing and opening again, and revisions go on', async (t) => {
  const path = newPath(t)
  const first = await open(t, path)
  await first.commit({ conditions: [], ops: [{ kind: 'put', key: '/a', value: '1' }] })
  const before = await first.read('/')
  await first.close()
  const second = await open(t, path)
  assert.deepEqual(await second.read('/'), before)
  const result = await second.commit({ conditions: [], ops: [{ kind: 'put', key: '/a', value: '2' }] })
  assert.deepEqual(result, { kind: 'committed', revision: before.revision + 1 })
})

test('a file of a newer format is refused, and the message says whose it is', async (t) => {
  const path = newPath(t)
  await (await open(t, path)).close()
  const database = new DatabaseSync(path)
  database.exec('UPDATE format SET version = 2')
  database.close()
  await assert.rejects(open(t, path), /has metadata format 2, this broker knows up to 1: a newer Millrace wrote it/)
})

test('a file of sessions of a newer format is refused', async (t) => {
  const path = newPath(t)
  await (await open(t, path)).close()
  const folder = join(path, '..')
  const sessions = readdirSync(folder).find((name) => name.includes('-sessions-')) ?? ''
  const database = new DatabaseSync(join(folder, sessions))
  database.exec('PRAGMA user_version = 2')
  database.close()
  await assert.rejects(open(t, path), /-sessions-.* has format 2, this broker knows up to 1: a newer Millrace wrote it/)
})

test('a file that is no database is refused', async (t) => {
  const path = newPath(t)
  const store = await open(t, path)
  await store.close()
  for (const name of readdirSync(join(path, '..'))) rmSync(join(path, '..', name), { force: true })
  writeFileSync(path, 'not a database, but long enough to be looked at'.repeat(20))
  await assert.rejects(open(t, path), /file is not a database/)
})

test('after close a commit is unknown and a read fails', async (t) => {
  const store = await open(t, newPath(t))
  await store.close()
  const result = await store.commit({ conditions: [], ops: [{ kind: 'put', key: '/a', value: '1' }] })
  assert.equal(result.kind, 'unknown')
  await assert.rejects(store.read('/'), /the metadata store can't be read/)
})

test('the sessions of another boot of the machine have ended', async (t) => {
  const path = newPath(t)
  const database = new MetadataDatabase(path, 100)
  database.addSession('old', 1_000_000, 'another-boot')
  database.commit([{ conditions: [], ops: [{ kind: 'put', key: '/brokers/1', value: 'x', sessionId: 'old' }] }])
  database.close()
  const store = await open(t, path)
  assert.deepEqual((await store.read('/')).entries, [])
})

test('the keys of a process that was killed go when its session runs out', async (t) => {
  const path = newPath(t)
  const store = await open(t, path)
  const other = otherProcess(
    t,
    path,
    `
    const session = await store.openSession(1_000)
    await store.commit({ conditions: [], ops: [{ kind: 'put', key: '/brokers/7', value: 'x', sessionId: session.id }] })
    console.log('registered')
    `,
  )
  assert.equal(await other.line(), 'registered')
  await untilKey(store, '/brokers/7', true)
  other.child.kill('SIGKILL')
  await untilKey(store, '/brokers/7', false)
})

test('a process that stood still for longer than its session lasts learns that it lost it', async (t) => {
  const path = newPath(t)
  const store = await open(t, path)
  const other = otherProcess(
    t,
    path,
    `
    const session = await store.openSession(1_000)
    session.onLost(() => console.log('lost, vouches: ' + session.vouches()))
    await store.commit({ conditions: [], ops: [{ kind: 'put', key: '/brokers/7', value: 'x', sessionId: session.id }] })
    console.log('registered')
    `,
  )
  assert.equal(await other.line(), 'registered')
  other.child.kill('SIGSTOP')
  await untilKey(store, '/brokers/7', true)
  await untilKey(store, '/brokers/7', false)
  other.child.kill('SIGCONT')
  assert.equal(await other.line(), 'lost, vouches: false')
})

test('several processes that increment one counter lose no increment', async (t) => {
  const path = newPath(t)
  const store = await open(t, path)
  const code = `
    for (let done = 0; done < 20;) {
      const counter = (await store.read('/counter')).entries[0]
      const result = await store.commit({
        conditions: [{ key: '/counter', modRevision: counter?.modRevision ?? 0 }],
        ops: [{ kind: 'put', key: '/counter', value: String(Number(counter?.value ?? 0) + 1) }],
      })
      if (result.kind === 'committed') done += 1
    }
    await store.close()
  `
  const seen: number[] = []
  store.watch('/counter', asRevision(0), {
    changed: (_revision, changes) => {
      for (const change of changes) if (change.kind === 'put') seen.push(Number(change.entry.value))
    },
    replaced: () => assert.fail('nothing was compacted'),
  })
  const others = [1, 2, 3].map(() => otherProcess(t, path, code))
  await Promise.all(others.map(({ child }) => exited(child)))
  assert.equal((await store.read('/counter')).entries[0]?.value, '60')
  await store.commit({ conditions: [], ops: [{ kind: 'put', key: '/counter', value: '61' }] })
  assert.deepEqual(
    seen,
    Array.from({ length: 61 }, (_, i) => i + 1),
  )
})

test('processes that create the store at the same time all get the same one', async (t) => {
  const path = newPath(t)
  const code = `
    await store.commit({ conditions: [], ops: [{ kind: 'put', key: '/from/' + process.pid, value: '' }] })
    console.log('written')
    await store.close()
  `
  const others = [1, 2, 3, 4].map(() => otherProcess(t, path, code))
  assert.deepEqual(await Promise.all(others.map((other) => other.line())), Array(4).fill('written'))
  const store = await open(t, path)
  const { revision, entries } = await store.read('/from/')
  assert.equal(entries.length, 4)
  assert.equal(revision, 4)
})

test('every commit that was answered survives the kill of its process', async (t) => {
  const path = newPath(t)
  for (let round = 0; round < 3; round += 1) {
    const writer = otherProcess(
      t,
      path,
      `
      for (let i = 0; ; i += 1) {
        const key = '/round-${round}/' + String(i)
        const result = await store.commit({ conditions: [], ops: [{ kind: 'put', key, value: 'x' }] })
        if (result.kind === 'committed') console.log(key)
      }
      `,
    )
    const answered: string[] = []
    for (let i = 0; i < 50 + 30 * round; i += 1) answered.push(await writer.line())
    writer.child.kill('SIGKILL')
    const store = await open(t, path)
    const keys = new Set((await store.read('/')).entries.map(({ key }) => key))
    assert.deepEqual(
      answered.filter((key) => !keys.has(key)),
      [],
    )
    await store.close()
  }
})
