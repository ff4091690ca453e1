import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { Connection } from '@millrace/connection'
import type { Logger } from '@millrace/kernel'
import { silentLogger } from '@millrace/kernel'
import { createTopicsApi, deleteTopicsApi, describeLogDirsApi, metadataApi, zeroUuid } from '@millrace/protocol'
import { startBroker } from '../broker.ts'

/** A broker's folder with the topic `orders` in it, after a clean stop. */
async function folderWithOrders(t: TestContext): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-stray-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  await using broker = await startBroker({ storage: { directory } })
  const connection = await Connection.connect({ host: broker.host, port: broker.port })
  const orders = { name: 'orders', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }
  const { topics } = await connection.request(createTopicsApi, { topics: [orders] })
  assert.equal(topics[0]?.errorCode, 0)
  connection.close()
  return directory
}

const strays = (directory: string): string[] => readdirSync(directory).filter((name) => name.endsWith('-stray'))

function warnings(): { readonly log: Logger; readonly lines: string[] } {
  const lines: string[] = []
  const log = {
    ...silentLogger,
    warn: (text: string, fields?: object) => lines.push(`${text} ${JSON.stringify(fields)}`),
  }
  return { log: { ...log, child: () => log }, lines }
}

test('a partition that the metadata does not know is set aside, said and not served', async (t) => {
  const directory = await folderWithOrders(t)
  cpSync(join(directory, 'orders-0'), join(directory, 'ghosts-3'), { recursive: true })
  cpSync(join(directory, 'orders-0'), join(directory, 'orders-1'), { recursive: true })
  const { log, lines } = warnings()
  await using broker = await startBroker({ storage: { directory }, log })
  assert.match(strays(directory).toSorted().join(), /^ghosts-3\.[0-9a-f]{32}-stray,orders-1\.[0-9a-f]{32}-stray$/)
  assert.equal(lines.filter((line) => line.includes('a stray partition is not served')).length, 2)
  const connection = await Connection.connect({ host: broker.host, port: broker.port })
  const { topics } = await connection.request(metadataApi, { topics: null })
  assert.deepEqual(
    topics.filter(({ isInternal }) => !isInternal).map(({ name, partitions }) => [name, partitions.length]),
    [['orders', 1]],
  )
  const { results } = await connection.request(describeLogDirsApi, { topics: null })
  assert.ok(results[0]?.topics.every(({ name }) => name !== 'ghosts'))
  connection.close()
})

test('a folder of another topic of the same name makes room and is kept', async (t) => {
  const directory = await folderWithOrders(t)
  const path = join(directory, 'orders-0', 'partition.metadata')
  const other = 'AAAAAAAAAAAAAAAAAAAAAQ'
  writeFileSync(path, `version: 0\ntopic_id: ${other}`)
  await using broker = await startBroker({ storage: { directory } })
  assert.ok(broker.port > 0)
  assert.ok(!readFileSync(path, 'utf8').includes(other))
  const [stray = ''] = strays(directory)
  assert.match(stray, /^orders-0\.[0-9a-f]{32}-stray$/)
  assert.ok(readFileSync(join(directory, stray, 'partition.metadata'), 'utf8').includes(other))
})

test('a topic whose deletion was answered stays deleted where a power cut brings its folder back', async (t) => {
  const directory = await folderWithOrders(t)
  const [folder, asideFolder] = [join(directory, 'orders-0'), mkdtempSync(join(tmpdir(), 'millrace-aside-'))]
  t.after(() => rmSync(asideFolder, { recursive: true, force: true }))
  cpSync(folder, asideFolder, { recursive: true })
  {
    await using broker = await startBroker({ storage: { directory } })
    const connection = await Connection.connect({ host: broker.host, port: broker.port })
    const orders = { name: 'orders', topicId: zeroUuid }
    const { responses } = await connection.request(deleteTopicsApi, {
      topics: [orders],
      topicNames: [],
      timeoutMs: 30_000,
    })
    assert.equal(responses[0]?.errorCode, 0)
    assert.deepEqual(
      readdirSync(directory).filter((name) => name.startsWith('orders-0') && !name.endsWith('-delete')),
      [],
      'its folder has another name when it is answered',
    )
    connection.close()
  }
  cpSync(asideFolder, folder, { recursive: true })
  await using broker = await startBroker({ storage: { directory } })
  const connection = await Connection.connect({ host: broker.host, port: broker.port })
  const { topics } = await connection.request(metadataApi, { topics: null })
  assert.ok(topics.every(({ name }) => name !== 'orders'))
  assert.match(strays(directory).join(), /^orders-0\.[0-9a-f]{32}-stray$/)
  connection.close()
})
