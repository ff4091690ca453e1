// What an operator does to a group with Apache Kafka's consumer-groups tool, and what other clients then see.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { committed, createTopics, groupState } from './clients/admin.ts'
import { untilMembers } from './clients/client.ts'
import { confluent } from './clients/confluent.ts'
import { java } from './clients/java.ts'
import { kafkajs } from './clients/kafkajs.ts'
import { tool, tryTool } from './peers/java-tools.ts'
import { Target } from './target/target.ts'

const target = await Target.start()
const topic = 'orders'
const other = 'payments'
const group = 'billing'
const hourMs = 3_600_000
const startMs = Date.now() - 10 * hourMs

const groups = (...args: string[]): Promise<string> =>
  tool('consumer.group.ConsumerGroupCommand', ['--bootstrap-server', target.bootstrap, ...args])
const reset = (...args: string[]): Promise<string> =>
  groups('--reset-offsets', '--group', group, '--topic', topic, ...args)
const offsets = (): Promise<number[]> => committed(target.bootstrap, group, topic)

async function offsetsAfter(...args: string[]): Promise<number[]> {
  await reset(...args, '--execute')
  return offsets()
}

const rows = (table: string): string[][] =>
  table.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim().split(/\s+/)]))

suite('consumer-groups', { skip: java.skip || confluent.skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-groups-'))
  after(() => rmSync(folder, { recursive: true }))

  // Ten records in each of two partitions, an hour apart; the group has read them all.
  before(async () => {
    await createTopics(target.bootstrap, [topic, other], 2)
    const records = Array.from({ length: 20 }, (_, i) => ({
      key: `k${i}`,
      value: `v${i}`,
      partition: i % 2,
      timestampMs: startMs + Math.floor(i / 2) * hourMs,
    }))
    await kafkajs.produce(target.bootstrap, topic, records)
    await kafkajs.produce(target.bootstrap, other, records.slice(0, 2))
    for (const name of [topic, other]) {
      const member = await confluent.join(target.bootstrap, { group, topic: name })
      await untilMembers([member], () => member.records.length === (name === topic ? 20 : 2), 'everything read')
      await member.leave()
    }
    assert.deepEqual(await offsets(), [10, 10])
  })

  test('--list names groups, with --state also their state and type', async () => {
    assert.ok((await groups('--list')).split('\n').includes(group))
    const listed = rows(await groups('--list', '--state', '--type')).find(([name]) => name === group)
    assert.deepEqual(listed, [group, 'Classic', 'Empty'])
    assert.match(await groups('--list', '--state', 'empty'), /billing/)
    assert.doesNotMatch(await groups('--list', '--state', 'stable'), /billing/)
  })

  test('--describe shows current offset, end offset and lag of each partition', async () => {
    await reset('--to-offset', '4', '--execute')
    const described = rows(await groups('--describe', '--group', group)).filter(([, name]) => name === topic)
    const numbers = described.map((row) => row.slice(2, 6).join(' ')).toSorted()
    assert.deepEqual(numbers, ['0 4 10 6', '1 4 10 6'])
  })

  test('--describe --members --verbose shows each member with its client, host and partitions', async () => {
    const member = await confluent.join(target.bootstrap, { group: 'living', topic, instanceId: 'one' })
    await untilMembers([member], () => member.assigned.length === 2, 'both partitions')
    const [, row = []] = rows(await groups('--describe', '--group', 'living', '--members', '--verbose'))
    assert.ok(
      row.includes('one') && row.some((word) => word.startsWith('/127.0.0.1')) && row.includes('rdkafka'),
      row.join(' '),
    )
    assert.match(row.join(' '), /orders.*0.*1/)
    const state = await groups('--describe', '--group', 'living', '--state')
    assert.match(state, /living\s+127\.0\.0\.1:\d+ +\(\d+\)\s+range\s+Stable.*\s1\s*$/m)
    const refused = await tryTool('consumer.group.ConsumerGroupCommand', [
      '--bootstrap-server',
      target.bootstrap,
      '--reset-offsets',
      '--group',
      'living',
      '--topic',
      topic,
      '--to-earliest',
      '--execute',
    ])
    assert.match(refused.stdout + refused.stderr, /inactive|not empty|Stable/i)
    await member.leave()
  })

  test('--reset-offsets without --execute changes nothing', async () => {
    await reset('--to-offset', '3', '--execute')
    assert.match(await reset('--to-earliest', '--dry-run'), /billing\s+orders\s+0\s+0/)
    assert.deepEqual(await offsets(), [3, 3])
  })

  test('--reset-offsets moves to earliest, latest, an offset, by a shift, and keeps within the log', async () => {
    assert.deepEqual(await offsetsAfter('--to-earliest'), [0, 0])
    assert.deepEqual(await offsetsAfter('--to-latest'), [10, 10])
    assert.deepEqual(await offsetsAfter('--shift-by', '-3'), [7, 7])
    assert.deepEqual(await offsetsAfter('--shift-by', '100'), [10, 10])
    assert.deepEqual(await offsetsAfter('--to-offset', '5'), [5, 5])
    assert.deepEqual(await offsetsAfter('--to-current'), [5, 5])
  })

  test('--reset-offsets finds the first record at or after a time', async () => {
    const at = new Date(startMs + 6.5 * hourMs).toISOString().replace('Z', '')
    await reset('--to-datetime', `${at}Z`, '--execute')
    assert.deepEqual(await offsets(), [7, 7])
    await reset('--by-duration', 'PT2H30M', '--execute')
    assert.deepEqual(await offsets(), [8, 8])
    await reset('--to-datetime', '2100-01-01T00:00:00.000Z', '--execute')
    assert.deepEqual(await offsets(), [10, 10], 'past the last record is the end')
  })

  test('--reset-offsets --export writes a plan that --from-file carries out', async () => {
    const plan = await groups(
      '--reset-offsets',
      '--group',
      group,
      '--topic',
      `${topic}:1`,
      '--to-offset',
      '2',
      '--export',
    )
    const file = join(folder, 'plan.csv')
    writeFileSync(
      file,
      plan
        .split('\n')
        .filter((line) => line.includes(topic))
        .join('\n'),
    )
    const [untouched] = await offsets()
    await groups('--reset-offsets', '--group', group, '--from-file', file, '--execute')
    assert.deepEqual(await offsets(), [untouched, 2])
  })

  test('a consumer starts where the reset put its group', async () => {
    await reset('--to-offset', '8', '--execute')
    const member = await confluent.join(target.bootstrap, { group, topic })
    await untilMembers([member], () => member.records.length >= 4, 'the last two of each partition')
    await member.leave()
    assert.deepEqual(
      member.records.map((record) => record.offset).toSorted((a, b) => a - b),
      [8, 8, 9, 9],
    )
  })

  test("Apache Kafka's formatters read __consumer_offsets", async () => {
    const read = (formatter: string): Promise<string> =>
      tool('consumer.ConsoleConsumer', [
        '--bootstrap-server',
        target.bootstrap,
        '--topic',
        '__consumer_offsets',
        '--from-beginning',
        '--timeout-ms',
        '1000',
        '--formatter',
        `org.apache.kafka.tools.consumer.${formatter}MessageFormatter`,
      ])
    const commits = await read('Offsets')
    assert.match(
      commits,
      /"group":"billing","topic":"orders","partition":1\}\},"value":\{"version":\d+,"data":\{"offset":4,/,
    )
    const members = await read('GroupMetadata')
    assert.match(members, /"group":"billing".*"protocolType":"consumer".*"protocol":"range"/)
  })

  test('--delete-offsets forgets one topic and keeps the others', async () => {
    await groups('--delete-offsets', '--group', group, '--topic', other)
    assert.deepEqual(await committed(target.bootstrap, group, other), [-1, -1])
    assert.deepEqual(await offsets(), [10, 10])
  })

  test('--delete refuses a group with members and deletes an empty one', async () => {
    const member = await confluent.join(target.bootstrap, { group, topic })
    await untilMembers([member], () => member.assigned.length === 2, 'both partitions')
    const refused = await tryTool('consumer.group.ConsumerGroupCommand', [
      '--bootstrap-server',
      target.bootstrap,
      '--delete',
      '--group',
      group,
    ])
    assert.match(refused.stdout + refused.stderr, /GroupNotEmptyException/)
    await member.leave()
    assert.match(await groups('--delete', '--group', group), /successful/)
    assert.equal(await groupState(target.bootstrap, group), 'Dead')
    assert.deepEqual(await offsets(), [-1, -1])
  })
})
