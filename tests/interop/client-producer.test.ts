// What our producer writes, as Java reads it, and what becomes of it while the network and the broker fail.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Admin, Consumer, type ConsumerRecord, type PlainProducerOptions, Producer } from '@millrace/client'
import { TcpProxy } from '@millrace/testkit'
import { consumeAll, java } from './clients/java.ts'
import { apacheKafka } from './peers/apache-kafka.ts'
import { find } from './peers/peer.ts'
import { endPrograms } from './process.ts'
import { freePort, startApacheKafka } from './target/apache-kafka.ts'
import { startMillrace } from './target/millrace.ts'
import type { BrokerOptions, RunningBroker } from './target/target.ts'

const kafka = await find(apacheKafka)
const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

const brokers = [
  { name: 'Millrace', start: (options: BrokerOptions) => startMillrace(options), skip: false },
  { name: 'Apache Kafka', start: (options: BrokerOptions) => startApacheKafka(forgetful(options)), skip: kafka.skip },
] as const

// One that was killed is let in again when its controller has forgotten it, which takes nine seconds by default.
function forgetful(options: BrokerOptions): BrokerOptions {
  const session = { 'broker.session.timeout.ms': '1000', 'broker.heartbeat.interval.ms': '200' }
  return { ...options, settings: { ...options.settings, ...session } }
}

after(() => endPrograms())

for (const { name, start, skip } of brokers) {
  suite(`our producer against ${name}`, { skip }, () => {
    let proxy: TcpProxy
    let broker: RunningBroker
    let options: BrokerOptions
    let admin: Admin

    before(async () => {
      if (skip !== false) return
      proxy = await TcpProxy.listen()
      const settings = {
        'advertised.listeners': `PLAINTEXT://${proxy.address}`,
        'group.initial.rebalance.delay.ms': '0',
        'offsets.topic.replication.factor': '1',
      }
      const dataDir = join(mkdtempSync(join(tmpdir(), 'millrace-interop-')), 'data')
      options = { dataDir, port: await freePort(), settings }
      proxy.target = options.port
      broker = await start(options)
      admin = new Admin({ bootstrapServers: proxy.address })
    })
    after(async () => {
      if (skip !== false) return
      await admin.close()
      await broker.program.end('SIGKILL')
      await proxy.close()
      rmSync(join(options.dataDir, '..'), { recursive: true, force: true })
    })

    const producerOf = (more: Omit<PlainProducerOptions, 'bootstrapServers'> = {}): Producer =>
      new Producer({ bootstrapServers: proxy.address, ...more })

    async function madeTopic(topic: string, partitions: number, configs: Record<string, string> = {}): Promise<string> {
      const made = (await admin.createTopics([{ name: topic, partitions, configs }])).get(topic)
      assert.equal(made?.ok, true)
      return topic
    }

    async function readAll(topic: string): Promise<ConsumerRecord[]> {
      const where = { bootstrapServers: proxy.address, topics: topic }
      await using consumer = new Consumer({ ...where, autoOffsetReset: 'earliest', stopAtEnd: true })
      const records: ConsumerRecord[] = []
      for await (const record of consumer) records.push(record)
      return records
    }

    test('10,000 keys go where the Java producer puts them', { skip: java.skip }, async () => {
      const keys = Array.from(
        { length: 10_000 },
        (_, i) => `${'schlüssel'.slice(0, i % 10)}${i % 13 === 0 ? '🔑' : ''}${'x'.repeat(i % 70)}${i}`,
      )
      const [byJava, byUs] = [await madeTopic('placed-by-java', 7), await madeTopic('placed-by-us', 7)]
      await java.produce(
        direct(),
        byJava,
        keys.map((key) => ({ key, value: 'v' })),
      )
      await using producer = producerOf()
      const sent = await producer.send(keys.map((key) => ({ topic: byUs, key, value: 'v' })))
      const partitions = new Map((await readAll(byJava)).map(({ key, partition }) => [String(key), partition]))
      assert.equal(partitions.size, keys.length)
      assert.deepEqual(
        sent.map(({ partition }) => partition),
        keys.map((key) => partitions.get(key)),
      )
    })

    test('Java reads what we write, in every compression', { skip: java.skip }, async () => {
      const topic = await madeTopic('read-by-java', 1)
      const written = codecs.flatMap((codec) => [
        { key: codec, value: `${codec} `.repeat(50), headers: { codec, none: null } },
        { key: null, value: codec },
        { key: '', value: '' },
        { key: codec, value: null },
      ])
      for (const [i, compressionType] of codecs.entries()) {
        await using producer = producerOf({ compressionType })
        await producer.send(
          written.slice(i * 4, i * 4 + 4).map((record) => ({ topic, timestamp: 1_700_000_000_000 + i, ...record })),
        )
      }
      const read = await consumeAll(direct(), [topic], { count: written.length })
      assert.deepEqual(
        read.map(({ key, value, timestampMs }) => ({ key, value, timestampMs })),
        written.map(({ key, value }, i) => ({ key, value, timestampMs: 1_700_000_000_000 + Math.floor(i / 4) })),
      )
      assert.deepEqual(read[4]?.headers[0], ['codec', 'gzip'])
    })

    test('send says the time of the broker where the topic has LogAppendTime', async () => {
      const topic = await madeTopic('append-time', 1, { 'message.timestamp.type': 'LogAppendTime' })
      await using producer = producerOf()
      const { timestamp } = await producer.send({ topic, value: 'v', timestamp: 1_000 })
      const [record] = await readAll(topic)
      assert.deepEqual([record?.timestamp, record?.timestampType], [timestamp, 'LogAppendTime'])
      assert.ok(Math.abs(Date.now() - timestamp) < 60_000)
    })

    test('a batch that is too large is split, and one record that is too large fails alone', async () => {
      const topic = await madeTopic('small-batches', 1, { 'max.message.bytes': '3000' })
      await using producer = producerOf()
      const values = Array.from({ length: 200 }, (_, i) => `${i}`.padEnd(i === 100 ? 5_000 : 200, '.'))
      const results = await Promise.allSettled(values.map((value) => producer.send({ topic, value })))
      const failed = results.filter((each) => each.status === 'rejected')
      assert.deepEqual(
        failed.map(({ reason }) => (reason as { error: string }).error),
        ['MESSAGE_TOO_LARGE'],
      )
      assert.deepEqual(
        (await readAll(topic)).map(({ value }) => String(value)),
        values.filter((_, i) => i !== 100),
      )
    })

    /** Sends numbers one after the other while `trouble` goes on, then shows that each is there once and in order. */
    async function sendThrough(topic: string, trouble: () => Promise<void>): Promise<void> {
      await using producer = producerOf({ batchSize: 500, lingerMs: 1, retryBackoffMs: 10, requestTimeoutMs: 1_000 })
      const sends: Promise<unknown>[] = []
      const going = { on: true }
      const done = trouble().finally(() => (going.on = false))
      for (let i = 0; going.on || i % 3 !== 0; i += 1) {
        sends.push(producer.send({ topic, partition: i % 3, value: String(i) }))
        if (i % 20 === 0) await sleep(1)
      }
      await done
      await Promise.all(sends)
      const records = await readAll(topic)
      assert.equal(records.length, sends.length)
      for (const partition of [0, 1, 2]) {
        assert.deepEqual(
          records.filter((each) => each.partition === partition).map(({ value }) => Number(value)),
          Array.from({ length: sends.length / 3 }, (_, i) => i * 3 + partition),
        )
      }
    }

    test('nothing is lost, twice or out of order while connections are cut, reset, swallowed and trickled', async () => {
      const topic = await madeTopic('disturbed', 3)
      await sendThrough(topic, async () => {
        for (let round = 0; round < 4; round += 1) {
          await sleep(40)
          proxy.cut()
          await sleep(40)
          proxy.reset()
          proxy.disturb('toClient', { swallow: true })
          await sleep(30)
          proxy.heal()
          proxy.reset()
          proxy.disturb('both', { trickle: { bytes: 300, everyMs: 1 } })
          await sleep(30)
          proxy.heal()
        }
      })
    })

    test('a broker that is killed and comes back is ridden out', async () => {
      const topic = await madeTopic('killed', 3)
      await sendThrough(topic, async () => {
        await sleep(100)
        await broker.program.end('SIGKILL')
        broker = await start(options)
        await sleep(100)
      })
    })

    function direct(): string {
      return `127.0.0.1:${broker.port}`
    }
  })
}
