// What every driver of the metadata store must do, run against each of them.
import type { Revision } from '@millrace/kernel'
import { asRevision, hostClock, seededRandom } from '@millrace/kernel'
import * as fc from 'fast-check'
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { suite, test } from 'node:test'
import { embeddedStore } from './embedded/embedded-store.ts'
import { MemorySpace } from './memory/memory-space.ts'
import { memoryStore } from './memory/memory-store.ts'
import type { Change, CommitResult, MetadataStore, Op, Snapshot, Transaction } from './store.ts'

/** One key space with any number of stores on it. */
interface World {
  store(): Promise<MetadataStore>
}

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

const historyMax = 20
let seed = 0

function memoryWorld(t: TestContext): World {
  const space = new MemorySpace(clock, historyMax)
  return {
    store: () => {
      const store = memoryStore({ clock, random: seededRandom((seed += 1)), space })
      t.after(() => store.close())
      return Promise.resolve(store)
    },
  }
}

function embeddedWorld(t: TestContext): World {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-metadata-'))
  const path = join(folder, 'metadata.db')
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return {
    store: async () => {
      const store = await embeddedStore({ path, clock, random: seededRandom((seed += 1)), pollMs: 5, historyMax })
      t.after(() => store.close())
      return store
    },
  }
}

const put = (key: string, value: string, sessionId?: string): Op =>
  sessionId === undefined ? { kind: 'put', key, value } : { kind: 'put', key, value, sessionId }
const remove = (key: string): Op => ({ kind: 'delete', key })
const write = (store: MetadataStore, ...ops: Op[]): Promise<CommitResult> => store.commit({ conditions: [], ops })

async function committed(result: Promise<CommitResult>): Promise<Revision> {
  const settled = await result
  assert.equal(settled.kind, 'committed')
  return settled.kind === 'committed' ? settled.revision : asRevision(-1)
}

/** A watch that keeps what it hears and applies it to a copy of the key space. */
class Replica {
  readonly entries = new Map<string, string>()
  readonly revisions: number[] = []
  readonly changes: Change[] = []
  replacements = 0
  #waiting: { readonly holds: () => boolean; readonly resolve: () => void }[] = []

  constructor(store: MetadataStore, prefix = '/', from: Revision = asRevision(0), known: Snapshot | null = null) {
    if (known !== null) this.#replace(known)
    store.watch(prefix, from, {
      changed: (revision, changes) => {
        this.revisions.push(revision)
        for (const change of changes) this.#apply(change)
        this.#wake()
      },
      replaced: (snapshot) => {
        this.replacements += 1
        this.revisions.push(snapshot.revision)
        this.#replace(snapshot)
        this.#wake()
      },
    })
  }

  get revision(): number {
    return this.revisions.at(-1) ?? -1
  }

  until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve()
    return new Promise((resolve) => void this.#waiting.push({ holds, resolve }))
  }

  #apply(change: Change): void {
    this.changes.push(change)
    if (change.kind === 'put') this.entries.set(change.entry.key, change.entry.value)
    else this.entries.delete(change.key)
  }

  #replace(snapshot: Snapshot): void {
    this.entries.clear()
    for (const { key, value } of snapshot.entries) this.entries.set(key, value)
  }

  #wake(): void {
    const ready = this.#waiting.filter(({ holds }) => holds())
    this.#waiting = this.#waiting.filter((waiting) => !ready.includes(waiting))
    for (const { resolve } of ready) resolve()
  }
}

const contents = (snapshot: Snapshot): Map<string, string> =>
  new Map(snapshot.entries.map(({ key, value }) => [key, value]))

async function increment(store: MetadataStore): Promise<void> {
  for (;;) {
    const counter = (await store.read('/counter')).entries[0]
    const result = await store.commit({
      conditions: [{ key: '/counter', modRevision: counter?.modRevision ?? asRevision(0) }],
      ops: [put('/counter', String(Number(counter?.value ?? 0) + 1))],
    })
    if (result.kind === 'committed') return
  }
}

for (const [driver, open] of [
  ['memory', memoryWorld],
  ['embedded', embeddedWorld],
] as const) {
  suite(`metadata store: ${driver}`, () => {
    test('a transaction gives all its keys one revision, later than all before', async (t) => {
      const store = await open(t).store()
      const first = await committed(write(store, put('/a', '1'), put('/b', '1')))
      const second = await committed(write(store, put('/a', '2')))
      assert.ok(second > first)
      assert.deepEqual(await store.read('/'), {
        revision: second,
        entries: [
          { key: '/a', value: '2', createRevision: first, modRevision: second, sessionId: null },
          { key: '/b', value: '1', createRevision: first, modRevision: first, sessionId: null },
        ],
      })
    })

    test('a transaction whose condition does not hold writes nothing', async (t) => {
      const store = await open(t).store()
      const revision = await committed(write(store, put('/a', '1')))
      const stale = { conditions: [{ key: '/a', modRevision: asRevision(0) }], ops: [put('/b', '1'), put('/a', '2')] }
      assert.deepEqual(await store.commit(stale), { kind: 'conflict' })
      const after = await store.read('/')
      assert.equal(after.revision, revision)
      assert.deepEqual(contents(after), new Map([['/a', '1']]))
    })

    test('a key that was deleted and made again has another create revision', async (t) => {
      const store = await open(t).store()
      const first = await committed(write(store, put('/controller', 'a')))
      await committed(write(store, remove('/controller')))
      const second = await committed(write(store, put('/controller', 'b')))
      const held = (createRevision: Revision): Transaction => ({
        conditions: [{ key: '/controller', createRevision }],
        ops: [put('/x', '1')],
      })
      assert.deepEqual(await store.commit(held(first)), { kind: 'conflict' })
      assert.equal((await store.commit(held(second))).kind, 'committed')
    })

    test('a transaction that changes nothing has no revision of its own', async (t) => {
      const store = await open(t).store()
      const revision = await committed(write(store, put('/a', '1')))
      assert.equal(await committed(write(store, remove('/absent'))), revision)
      assert.equal(
        await committed(store.commit({ conditions: [{ key: '/a', modRevision: revision }], ops: [] })),
        revision,
      )
    })

    test('entries are read in the order of their keys as UTF-8 bytes', async (t) => {
      const store = await open(t).store()
      const keys = ['/k/é', '/k/\u{10000}', '/k/\uffee', '/k/a', '/k/a/b', '/k/Z', '/other']
      await committed(write(store, ...keys.map((key) => put(key, ''))))
      const { entries } = await store.read('/k/')
      assert.deepEqual(
        entries.map(({ key }) => key),
        ['/k/Z', '/k/a', '/k/a/b', '/k/é', '/k/\uffee', '/k/\u{10000}'],
      )
    })

    test('a commit resolves after the watches of its own store have heard of it', async (t) => {
      const store = await open(t).store()
      const replica = new Replica(store)
      for (let i = 0; i < 5; i += 1) {
        const revision = await committed(write(store, put('/a', String(i))))
        assert.ok(replica.revision >= revision)
        assert.equal(replica.entries.get('/a'), String(i))
      }
    })

    test('a watch hears of its own prefix only, and that time goes on elsewhere', async (t) => {
      const store = await open(t).store()
      const replica = new Replica(store, '/topics/')
      await committed(write(store, put('/topics/a', '1'), put('/brokers/1', '1')))
      const revision = await committed(write(store, put('/brokers/1', '2')))
      assert.deepEqual(replica.entries, new Map([['/topics/a', '1']]))
      assert.equal(replica.revision, revision)
    })

    test('a watch that was closed hears nothing more', async (t) => {
      const store = await open(t).store()
      let heard = 0
      const watch = store.watch('/', asRevision(0), { changed: () => (heard += 1), replaced: () => (heard += 1) })
      watch.close()
      await committed(write(store, put('/a', '1')))
      assert.equal(heard, 0)
    })

    test('watches opened while others write miss nothing and hear nothing twice', async (t) => {
      const world = open(t)
      const [a, b] = [await world.store(), await world.store()]
      const replicas: Replica[] = []
      const writes: Promise<CommitResult>[] = []
      for (let i = 0; i < 30; i += 1) {
        const snapshot = await b.read('/')
        replicas.push(new Replica(b, '/', snapshot.revision, snapshot))
        writes.push(write(a, put(`/a/${i % 7}`, String(i))))
        writes.push(write(b, put(`/b/${i % 5}`, String(i)), remove(`/a/${(i + 3) % 7}`)))
      }
      await Promise.all(writes)
      const last = await committed(write(a, put('/end', '')))
      const truth = contents(await a.read('/'))
      for (const replica of replicas) {
        await replica.until(() => replica.revision >= last)
        assert.deepEqual(replica.entries, truth)
        assert.deepEqual(
          replica.revisions,
          [...new Set(replica.revisions)].toSorted((x, y) => x - y),
        )
      }
    })

    test('a watch from before the history that is kept is told all there is now', async (t) => {
      const store = await open(t).store()
      for (let i = 0; i < 3 * historyMax; i += 1) await committed(write(store, put(`/a/${i % 3}`, String(i))))
      const replica = new Replica(store, '/', asRevision(1))
      await replica.until(() => replica.replacements === 1)
      assert.deepEqual(replica.entries, contents(await store.read('/')))
      await committed(write(store, put('/a/0', 'later')))
      assert.equal(replica.entries.get('/a/0'), 'later')
    })

    test('of many who increment one counter by compare-and-set, none overwrites another', async (t) => {
      const world = open(t)
      const stores = await Promise.all([world.store(), world.store(), world.store()])
      await Promise.all(stores.flatMap((store) => [increment(store), increment(store), increment(store)]))
      const [store] = stores
      assert.equal((await store?.read('/counter'))?.entries[0]?.value, '9')
    })

    test('the keys of a session that is closed are gone everywhere', async (t) => {
      const world = open(t)
      const [a, b] = [await world.store(), await world.store()]
      const session = await a.openSession(10_000)
      await committed(write(a, put('/brokers/1', 'x', session.id), put('/topics/a', 'y')))
      const replica = new Replica(b)
      await replica.until(() => replica.entries.has('/brokers/1'))
      assert.equal(session.vouches(), true)
      await session.close()
      assert.equal(session.vouches(), false)
      await replica.until(() => !replica.entries.has('/brokers/1'))
      assert.deepEqual(contents(await a.read('/')), new Map([['/topics/a', 'y']]))
    })

    test('the keys of a session whose owner stopped renewing go by themselves', async (t) => {
      const world = open(t)
      const [a, b] = [await world.store(), await world.store()]
      const session = await a.openSession(500)
      await committed(write(a, put('/brokers/1', 'x', session.id)))
      const replica = new Replica(b)
      await a.close()
      await replica.until(() => replica.changes.some(({ kind }) => kind === 'delete'))
      assert.deepEqual(contents(await b.read('/')), new Map())
    })

    test('a session that is renewed outlives its time many times over', async (t) => {
      const world = open(t)
      const [store, dying] = [await world.store(), await world.store()]
      const session = await store.openSession(1_000)
      const abandoned = await dying.openSession(2_500)
      await committed(write(store, put('/brokers/1', 'x', session.id)))
      await committed(write(dying, put('/brokers/2', 'x', abandoned.id)))
      const replica = new Replica(store)
      await replica.until(() => replica.entries.has('/brokers/2'))
      await dying.close()
      await replica.until(() => !replica.entries.has('/brokers/2'))
      assert.equal(replica.entries.get('/brokers/1'), 'x')
      await session.close()
    })

    test('a put under a session that is gone is a conflict', async (t) => {
      const store = await open(t).store()
      const session = await store.openSession(10_000)
      await session.close()
      assert.deepEqual(await write(store, put('/a', 'x', session.id)), { kind: 'conflict' })
      assert.deepEqual(await write(store, put('/a', 'x', 'nobody')), { kind: 'conflict' })
    })

    test('an entry that is written again without the session outlives it', async (t) => {
      const store = await open(t).store()
      const session = await store.openSession(10_000)
      await committed(write(store, put('/a', '1', session.id)))
      await committed(write(store, put('/a', '2')))
      await session.close()
      assert.deepEqual(contents(await store.read('/')), new Map([['/a', '2']]))
    })

    test('a transaction that writes a key twice, or no path, is a bug and says so', async (t) => {
      const store = await open(t).store()
      await assert.rejects(write(store, put('/a', '1'), remove('/a')), /writes a key once, got \/a twice/)
      await assert.rejects(write(store, put('a', '1')), /a key is a path, got 'a'/)
    })

    test('whatever is written, a watch replays to what a read shows', async (t) => {
      const op = fc.record({ key: fc.constantFrom('/a', '/b', '/c/d', '/c/e'), value: fc.option(fc.string()) })
      const transactions = fc.array(fc.uniqueArray(op, { maxLength: 3, selector: ({ key }) => key }), { maxLength: 30 })
      const property = fc.asyncProperty(transactions, async (all) => {
        const store = await open(t).store()
        const replica = new Replica(store)
        for (const ops of all) {
          await committed(
            write(store, ...ops.map(({ key, value }) => (value === null ? remove(key) : put(key, value)))),
          )
        }
        const snapshot = await store.read('/')
        await replica.until(() => replica.revision >= snapshot.revision)
        assert.deepEqual(replica.entries, contents(snapshot))
        await store.close()
      })
      await fc.assert(property, { numRuns: driver === 'memory' ? 100 : 8 })
    })
  })
}
