// A broker with several listeners: each client is told the address at which it came in.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kafkajs } from './clients/kafkajs.ts'
import { kcat } from './clients/kcat.ts'
import { run } from './process.ts'
import { freePort } from './target/apache-kafka.ts'
import { isApacheKafka, Target } from './target/target.ts'

const [first, second, third] = [await freePort(), await freePort(), await freePort()]
const skip = kcat.skip || (isApacheKafka && 'Apache Kafka tells every client the advertised address')

interface Listing {
  readonly brokers: readonly { readonly id: number; readonly name: string }[]
}

test('clients on IPv4, IPv6 and a wildcard listener are each sent back to where they came from', { skip }, async () => {
  const listeners = `A://127.0.0.1:${first},B://[::1]:${second},C://0.0.0.0:${third}`
  const map = 'A:PLAINTEXT,B:PLAINTEXT,C:PLAINTEXT'
  const settings = { listeners, 'listener.security.protocol.map': map, 'inter.broker.listener.name': 'A' }
  await Target.start({ settings })
  for (const address of [`127.0.0.1:${first}`, `[::1]:${second}`, `127.0.0.1:${third}`, `127.0.0.2:${third}`]) {
    const { brokers } = JSON.parse(await run('kcat', ['-b', address, '-L', '-J'])) as Listing
    assert.deepEqual(
      brokers.map(({ name }) => name.replace(/^\[?::1\]?:/, '[::1]:')),
      [address],
    )
    await run('kcat', ['-P', '-b', address, '-t', 'through'], { input: `by ${address}\n` })
  }
  const read = await kafkajs.consume(`127.0.0.1:${third}`, ['through'], 4)
  assert.equal(read.length, 4)
})
