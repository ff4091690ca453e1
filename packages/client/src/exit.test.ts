import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { startBroker } from '@millrace/broker'

const entry = join(import.meta.dirname, 'index.ts')

/** Runs a program with our clients to its end, which it has to find by itself, without a word of warning from Node. */
async function exits(bootstrapServers: string, body: string): Promise<string> {
  const program = `
    import { Admin, Consumer, Producer } from ${JSON.stringify(entry)}
    const options = { bootstrapServers: '${bootstrapServers}' }
    const failed = []
    const fails = (work) => work.then(() => 'succeeded', (error) => void failed.push(error.name))
    ${body}
    console.log(failed.join(' '))`
  const flags = ['-C', 'millrace-source', '--expose-gc', '--disable-warning=ExperimentalWarning']
  const args = [...flags, '--input-type=module-typescript', '-e', program]
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { timeout: 30_000 })
  assert.equal(stderr, '')
  return stdout.trim()
}

test('a process ends by itself once its clients are closed', async (t) => {
  const broker = await startBroker()
  t.after(() => broker.close())
  const failed = await exits(
    broker.bootstrapServers,
    `const admin = new Admin(options)
    await admin.createTopics([{ name: 'orders', partitions: 3 }])
    const producer = new Producer(options)
    await producer.send({ topic: 'orders', value: 'v' })
    const consumer = new Consumer({ ...options, groupId: 'g', topics: 'orders', autoOffsetReset: 'earliest' })
    for await (const record of consumer) break
    const waiting = new Consumer({ ...options, groupId: 'h', topics: 'orders' })
    setTimeout(() => waiting.close(), 100)
    for await (const record of waiting) throw new Error('there is nothing to read')
    await Promise.all([admin.close(), producer.close(), consumer.close()])`,
  )
  assert.equal(failed, '')
})

test('a process ends by itself after connections that could not be made, with nobody told behind its back', async () => {
  const failed = await exits(
    '127.0.0.1:1',
    `const admin = new Admin({ ...options, defaultApiTimeoutMs: 300 })
    const producer = new Producer({ ...options, maxBlockMs: 300 })
    await Promise.all([fails(admin.listTopics()), fails(producer.send({ topic: 'orders', value: 'v' }))])
    await Promise.all([admin.close(), producer.close()])`,
  )
  // The second two are what a call says that was still at its first attempt.
  assert.match(failed, /^((ConnectionClosedError|TimeoutError|KafkaError) ?){2}$/)
})

test('closing while connections are being made ends them too', async () => {
  const failed = await exits(
    '127.0.0.1:1',
    `const [admin, producer] = [new Admin(options), new Producer(options)]
    const calls = [fails(admin.listTopics()), fails(producer.send({ topic: 'orders', value: 'v' }))]
    await Promise.all([admin.close(), producer.close({ signal: AbortSignal.timeout(10) }).catch(() => {})])
    await Promise.all(calls)`,
  )
  assert.match(failed, /^ClientClosedError (ClientClosedError|ConnectionClosedError)$/)
})

test('clients that were closed are collected, also while the signal that they were given lives on', async (t) => {
  const broker = await startBroker()
  t.after(() => broker.close())
  const left = await exits(
    broker.bootstrapServers,
    `const { signal } = new AbortController()
    const alive = new Set()
    const collected = new FinalizationRegistry((name) => alive.delete(name))
    const watch = (name, client) => (alive.add(name), collected.register(client, name))
    async function useAll(i) {
      const [admin, producer] = [new Admin(options), new Producer(options)]
      await producer.send({ topic: 'orders', value: 'v' }, { signal })
      await admin.listTopics({ signal })
      const group = i % 2 === 0 ? { groupId: 'g' + i } : {}
      const consumer = new Consumer({ ...options, ...group, topics: 'orders', autoOffsetReset: 'earliest', signal })
      for await (const record of consumer) break
      await Promise.all([admin.close(), producer.close(), consumer.close()])
      for (const client of [admin, producer, consumer]) watch(client.constructor.name + i, client)
    }
    for (let i = 0; i < 4; i += 1) await useAll(i)
    for (const untilMs = Date.now() + 15_000; alive.size > 0 && Date.now() < untilMs; ) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      gc()
    }
    failed.push(...alive, String(signal.aborted))`,
  )
  assert.equal(left, 'false')
})
