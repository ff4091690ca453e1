// A consumer behind a proxy that does what networks do.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Consumer } from '@millrace/client'
import { until } from '@millrace/testkit/until'
import { during, faults } from './faults.ts'
import { World } from './world.ts'

const records = 600

const values = Array.from({ length: records }, (_, i) => String(i))

// A few at a time, so that the faults strike in between.
async function writeSlowly(world: World, topic: string): Promise<void> {
  for (let i = 0; i < records; i += 30) {
    if (i + 30 >= records) await until('a fault has struck', () => world.proxy.disturbances > 0)
    await world.write(topic, values.slice(i, i + 30))
    await sleep(40)
  }
}

async function readAll(consumer: Consumer): Promise<string[]> {
  const read: string[] = []
  const missing = new Set(values)
  for await (const { value } of consumer) {
    read.push(String(value))
    missing.delete(String(value))
    if (missing.size === 0) break
  }
  return read
}

const settings = { requestTimeoutMs: 300, retryBackoffMaxMs: 200, fetchMaxWaitMs: 20 }

// They mostly wait.
suite('a consumer with partitions of its own reads every record once and in order', { concurrency: 3 }, () => {
  for (const fault of faults) {
    test(`under ${fault.name}`, async () => {
      await using world = await World.start()
      const topic = await world.topic('own', 1)
      const assignment = [{ topic, partition: 0, start: 'earliest' }] as const
      await using consumer = new Consumer({ ...settings, bootstrapServers: world.bootstrap, assignment })
      const reading = readAll(consumer)
      const disturbances = during(world.proxy, fault, reading)
      await writeSlowly(world, topic)
      assert.deepEqual(await reading, values)
      assert.ok((await disturbances) > 0)
    })
  }
})

suite('a member of a group skips nothing', { concurrency: 3 }, () => {
  for (const fault of faults) {
    test(`under ${fault.name}`, async () => {
      await using world = await World.start()
      const topic = await world.topic('group', 1)
      await using consumer = new Consumer({
        ...settings,
        bootstrapServers: world.bootstrap,
        groupId: topic,
        topics: [topic],
        autoOffsetReset: 'earliest',
        heartbeatIntervalMs: 50,
        autoCommitIntervalMs: 50,
      })
      const reading = readAll(consumer)
      const disturbances = during(world.proxy, fault, reading)
      await writeSlowly(world, topic)
      const read = await reading
      assert.deepEqual([...new Set(read)], values)
      // What comes again comes from a commit on, and goes on from there.
      const skips = read.filter((value, i) => i > 0 && Number(value) > Number(read[i - 1]) + 1)
      assert.deepEqual(skips, [])
      assert.ok((await disturbances) > 0)
    })
  }
})
