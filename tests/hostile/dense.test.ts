// CVE-2026-111108 and its kind: requests as large as allowed whose few bytes an element become many in memory, and
// requests that ask for much work. The broker survives them and goes on serving others.
import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { createTopicsApi, errorName, metadataApi } from '@millrace/protocol'
import { Target } from '../interop/target/target.ts'
import { portOf, residentBytes, unexpectedErrors } from './broker-under-test.ts'
import { Bystander } from './bystander.ts'
import { int32, rawFrame, RawClient } from './raw-client.ts'

const MiB = 1024 * 1024
const target = await Target.start()
const port = portOf(target)
const bystander = await Bystander.start(port, 20_000)
after(() => bystander[Symbol.asyncDispose]())

const bodyBytes = 96 * MiB
const headerV1 = Buffer.concat([int32(1), Buffer.from([0xff, 0xff])])
const headerV2 = Buffer.concat([headerV1, Buffer.from([0])])

/** An array of so many elements, all of them the same bytes, with its count before it. */
const array = (count: number, element: readonly number[]): Buffer =>
  Buffer.concat([int32(count), Buffer.alloc(count * element.length, Uint8Array.from(element))])

function compactArray(count: number, element: readonly number[]): Buffer {
  const length: number[] = []
  for (let left = count + 1; left > 0; left = Math.floor(left / 128))
    length.push((left % 128) + (left >= 128 ? 128 : 0))
  return Buffer.concat([Buffer.from(length), Buffer.alloc(count * element.length, Uint8Array.from(element))])
}

interface Case {
  readonly name: string
  readonly bytes: () => Uint8Array
}

const cases: readonly Case[] = [
  {
    name: 'Metadata of 48 million topics without a name',
    bytes: () => rawFrame(3, 1, Buffer.concat([headerV1, array(bodyBytes / 2, [0, 0])])),
  },
  {
    name: 'Metadata of 48 million topics in compact form',
    bytes: () =>
      rawFrame(3, 9, Buffer.concat([headerV2, compactArray(bodyBytes / 2, [1, 0]), Buffer.from([0, 0, 0, 0])])),
  },
  {
    name: 'FindCoordinator of 96 million keys',
    bytes: () =>
      rawFrame(10, 4, Buffer.concat([headerV2, Buffer.from([0]), compactArray(bodyBytes, [1]), Buffer.from([0])])),
  },
  {
    name: 'DescribeGroups of 48 million groups',
    bytes: () => rawFrame(15, 0, Buffer.concat([headerV1, array(bodyBytes / 2, [0, 0])])),
  },
  {
    name: 'DeleteGroups of 48 million groups',
    bytes: () => rawFrame(42, 0, Buffer.concat([headerV1, array(bodyBytes / 2, [0, 0])])),
  },
  {
    name: 'DeleteTopics of 48 million topics',
    bytes: () => rawFrame(20, 1, Buffer.concat([headerV1, array(bodyBytes / 2, [0, 0]), int32(1)])),
  },
  {
    name: 'LeaveGroup of 24 million members',
    bytes: () =>
      rawFrame(13, 3, Buffer.concat([headerV1, Buffer.from([0, 1, 0x67]), array(bodyBytes / 4, [0, 0, 0xff, 0xff])])),
  },
  {
    name: 'ListOffsets of 16 million topics',
    bytes: () => rawFrame(2, 1, Buffer.concat([headerV1, int32(-1), array(bodyBytes / 6, [0, 0, 0, 0, 0, 0])])),
  },
]

suite('CVE-2026-111108: a request of a hundred megabytes', () => {
  for (const { name, bytes } of cases) {
    test(`${name} is refused or answered, and others are served`, { timeout: 60_000 }, async () => {
      const before = residentBytes(target)
      using client = await RawClient.connect(port)
      client.send(bytes())
      await client.response()
      const grown = residentBytes(target) - before
      assert.ok(grown < 1_000 * MiB, `grown by ${Math.round(grown / MiB)} MiB`)
      await bystander.assertServed()
    })
  }
})

test('a client that asks for twenty thousand topics that are not there creates none of them', async () => {
  using client = await RawClient.connect(port)
  const topics = Array.from({ length: 20_000 }, (_, i) => ({ name: `wanted-${i}` }))
  const wanted = await client.request(metadataApi, 9, { topics, allowAutoTopicCreation: true })
  assert.deepEqual(new Set(wanted?.topics.map(({ errorCode }) => errorName(errorCode))), new Set(['POLICY_VIOLATION']))
  const all = await client.request(metadataApi, 9, { topics: null, allowAutoTopicCreation: false })
  assert.ok((all?.topics.length ?? Infinity) < 10)
  await bystander.assertServed()
})

test('a topic of two billion partitions is refused at once', async () => {
  using client = await RawClient.connect(port)
  const topic = { name: 'huge', numPartitions: 2 ** 31 - 1, replicationFactor: 1, assignments: [], configs: [] }
  const created = await client.request(createTopicsApi, 5, { timeoutMs: 5_000, topics: [topic] })
  assert.equal(errorName(created?.topics[0]?.errorCode ?? 0), 'POLICY_VIOLATION')
  await bystander.assertServed()
})

test('nothing of all this was an error of the broker', () => {
  assert.deepEqual(unexpectedErrors(target), [])
})
