// A data directory without room: an error for the producer, and nothing lost that was acknowledged.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createTopics } from './clients/admin.ts'
import { kafkajs, kafkaOf } from './clients/kafkajs.ts'
import { find, type Peer } from './peers/peer.ts'
import { run } from './process.ts'
import { isApacheKafka, Target } from './target/target.ts'

interface Disk {
  readonly folder: string
}

const smallDisk: Peer<Disk> = {
  name: 'a small tmpfs',
  async get() {
    if (isApacheKafka) throw new Error('Apache Kafka halts on a full disk')
    const folder = mkdtempSync(join(tmpdir(), 'millrace-full-'))
    await run('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', folder])
    return { folder }
  },
}

const { peer: disk, skip } = await find(smallDisk)

function errorType(error: unknown): string {
  const { type, cause } = error as { type?: string; cause?: { type?: string } }
  return type ?? cause?.type ?? String(error)
}

// Until the broker says no; what it said yes to.
async function fill(bootstrap: string, topic: string): Promise<{ acknowledged: string[]; refusal: string }> {
  const producer = kafkaOf(bootstrap).producer({ retry: { retries: 0 } })
  await producer.connect()
  const acknowledged: string[] = []
  const padding = 'x'.repeat(200_000)
  let refusal = ''
  try {
    for (let i = 0; i < 1000; i += 1) {
      await producer.send({ topic, messages: [{ key: `k${i}`, value: padding }], acks: -1 })
      acknowledged.push(`k${i}`)
    }
  } catch (error) {
    refusal = errorType(error)
  }
  await producer.disconnect()
  return { acknowledged, refusal }
}

test(
  'a full disk answers KAFKA_STORAGE_ERROR, and after making room and a restart all that was acknowledged is there',
  { skip },
  async () => {
    const { folder } = disk ?? { folder: '' }
    const target = await Target.start({ dataDir: join(folder, 'data') })
    after(async () => {
      await target.kill()
      await run('umount', [folder])
      rmSync(folder, { recursive: true })
    })
    await createTopics(target.bootstrap, ['filled'], 1)
    const { acknowledged, refusal } = await fill(target.bootstrap, 'filled')
    assert.equal(refusal, 'KAFKA_STORAGE_ERROR')
    assert.ok(acknowledged.length > 20, `${acknowledged.length} were acknowledged`)

    await run('mount', ['-o', 'remount,size=64m', folder])
    await target.restart()
    const read = await kafkajs.consume(target.bootstrap, ['filled'], acknowledged.length)
    assert.deepEqual(
      read.map((record) => record.key),
      acknowledged,
    )
    await kafkajs.produce(target.bootstrap, 'filled', [{ key: 'after', value: 'there is room again' }])
    const again = await kafkajs.consume(target.bootstrap, ['filled'], acknowledged.length + 1)
    assert.equal(again.at(-1)?.key, 'after')
  },
)
