import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestedClient } from '../clients/client.ts'
import { millrace } from '../clients/millrace.ts'
import type { World } from '../world.ts'
import { collect, type Check } from './check.ts'

// Each line: a key in hexadecimal, its murmur2 and its partition of 7, as Apache Kafka's own code has them.
const golden = join(import.meta.dirname, '../../../packages/testkit/golden/hashes.tsv')
const partitions = 7

interface Hashed {
  readonly key: Buffer
  readonly partition: number
}

function hashedByJava(): Hashed[] {
  const lines = readFileSync(golden, 'utf8').trimEnd().split('\n')
  const columns = lines.map((line) => line.split('\t')).filter(([hex = '']) => /^([0-9a-f]{2})+$/.test(hex))
  return columns.map(([hex = '', , partition]) => ({ key: Buffer.from(hex, 'hex'), partition: Number(partition) }))
}

/** By value, the partitions that a client gave to keys of a topic. */
async function placesOf(
  client: TestedClient,
  world: World,
  keys: readonly (Buffer | string)[],
): Promise<ReadonlyMap<number, number | undefined>> {
  const topic = await world.topic('partitions', partitions)
  const producer = await client.producer(world.bootstrap, false)
  await Promise.all(keys.map((key, i) => producer.send(topic, Buffer.from(key), Buffer.from(String(i)))))
  await producer.close()
  const until = (values: readonly string[]): boolean => values.length === keys.length
  const found = await collect(millrace, world, { topic, committedOnly: false, until })
  return new Map(found.values.map((value, at) => [Number(value), found.partitions[at]]))
}

export const partitionsAsJava: Check = {
  title: 'by default a key goes to the partition where the Java client puts it',
  async run(client, world) {
    const known = hashedByJava()
    const placed = await world.placedByJava(partitions)
    const keys = [...known.map(({ key }) => key), ...placed.keys()]
    const wanted = [...known.map(({ partition }) => partition), ...placed.values()]
    const places = await placesOf(client, world, keys)
    const elsewhere = wanted.filter((partition, i) => places.get(i) !== partition).length
    assert.equal(elsewhere, 0, `${elsewhere} of ${keys.length} keys are elsewhere`)
    return `${keys.length} keys`
  },
}
