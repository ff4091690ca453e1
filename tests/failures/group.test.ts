// Members of a group whose coordinator doesn't answer in time.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Consumer, type ConsumerOptions, type TopicPartition } from '@millrace/client'
import { World } from './world.ts'

const deadlineMs = 120_000

for (const api of ['JoinGroup', 'SyncGroup'] as const) {
  test(`a member whose ${api} is never answered asks again, and not only after maxPollIntervalMs`, async () => {
    await using world = await World.start()
    const topic = await world.topic('t', 1)
    await world.write(topic, ['v'])
    let asked = 0
    // The first JoinGroup only gives a member its id.
    const lost = api === 'JoinGroup' ? 2 : 1
    world.broker.intercept(api, async (request, next) => {
      asked += 1
      const isLost = asked === lost
      const answer = await next()
      return isLost ? request.drop() : answer
    })
    await using consumer = new Consumer({
      bootstrapServers: world.bootstrap,
      requestTimeoutMs: 300,
      groupId: 'g',
      topics: [topic],
      autoOffsetReset: 'earliest',
    })
    const first = consumer[Symbol.asyncIterator]().next()
    const late = sleep(deadlineMs, 'late', { ref: false })
    assert.notEqual(await Promise.race([first, late]), 'late')
    assert.ok(asked > lost)
  })
}

test('a round that takes longer than requestTimeoutMs is waited for by asking again', async () => {
  await using world = await World.start()
  const topic = await world.topic('t', 4)
  const given = new Map<string, Set<number>>()
  const start = (name: string, more: Partial<ConsumerOptions>): Consumer => {
    const mine = new Set<number>()
    given.set(name, mine)
    return new Consumer({
      bootstrapServers: world.bootstrap,
      requestTimeoutMs: 200,
      heartbeatIntervalMs: 50,
      groupId: 'g',
      topics: [topic],
      partitionAssignmentStrategy: ['range'],
      onAssigned: (partitions) => all(partitions, (each) => mine.add(each)),
      onLost: (partitions) => all(partitions, (each) => mine.delete(each)),
      ...more,
    })
  }
  const all = (partitions: readonly TopicPartition[], act: (partition: number) => void): void =>
    partitions.forEach(({ partition }) => act(partition))
  const shares = () => [...given.values()].map((each) => each.size)

  await using first = start('first', {
    onRevoked: async (partitions) => {
      // The round lasts as long as several requests of the other one.
      await until(() => joins > 4)
      all(partitions, (each) => given.get('first')?.delete(each))
    },
  })
  const firstReads = first[Symbol.asyncIterator]().next()
  await until(() => shares()[0] === 4)
  let joins = 0
  world.broker.intercept('JoinGroup', (_, next) => {
    joins += 1
    return next()
  })
  await using second = start('second', {})
  const secondReads = second[Symbol.asyncIterator]().next()
  await until(() => shares().join() === '2,2')
  await Promise.all([first.close(), second.close()])
  await Promise.all([firstReads, secondReads])
})

async function until(condition: () => boolean): Promise<void> {
  const startMs = performance.now()
  while (!condition()) {
    if (performance.now() - startMs > deadlineMs) assert.fail(`not within ${deadlineMs / 1000} s`)
    await sleep(10)
  }
}
