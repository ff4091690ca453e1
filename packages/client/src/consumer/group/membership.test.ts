import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '@millrace/kernel'
import { KafkaError } from '@millrace/protocol'
import { clientClock } from '@millrace/testkit/client-clock'
import { ConsumerWorld, read, upTo, valueOf } from '@millrace/testkit/consumer-world'
import { until } from '@millrace/testkit/until'
import type { ConsumerOptions, PartitionAssignor } from '../consumer-api.ts'
import type { Consumer } from '../consumer.ts'

const numbers = (consumer: Consumer): number[] => consumer.assignment().map(({ partition }) => partition)

const membersOf = async (admin: ConsumerWorld['admin']): Promise<number> => {
  const described = (await admin.describeGroups(['g'])).get('g')
  return described?.ok === true ? described.value.members.length : -1
}

/** Reads on and on until the consumer is closed. */
const loop = (consumer: Consumer): Promise<unknown> => read(consumer)

const isShared = (consumers: readonly Consumer[], partitions: number): boolean => {
  const all = consumers.flatMap(numbers)
  const least = Math.floor(partitions / consumers.length)
  return all.length === partitions && consumers.every((each) => numbers(each).length >= least)
}

for (const name of ['range', 'roundrobin', 'sticky', 'cooperative-sticky'] as const) {
  test(`members share all partitions evenly (${name})`, async (t) => {
    const { consumer } = await ConsumerWorld.start(t, 5)
    const options = { groupId: 'g', partitionAssignmentStrategy: [name] }
    const members = [consumer(options), consumer(options)]
    const loops = members.map(loop)
    await until('shared', () => isShared(members, 5))
    await members[0]?.close()
    await until('all with one', () => isShared(members.slice(1), 5))
    await members[1]?.close()
    await Promise.all(loops)
  })
}

for (const name of ['sticky', 'cooperative-sticky'] as const) {
  test(`who stays keeps what it has when another leaves (${name})`, async (t) => {
    const { consumer } = await ConsumerWorld.start(t, 6)
    const options = { groupId: 'g', partitionAssignmentStrategy: [name] }
    const members = upTo(3).map(() => consumer(options))
    const loops = members.map(loop)
    await until('shared', () => isShared(members, 6))
    const [first, second, third] = members
    assert.ok(first !== undefined && second !== undefined && third !== undefined)
    const before = [numbers(first), numbers(second)]
    await third.close()
    await until('shared by two', () => isShared([first, second], 6))
    assert.ok(before[0]?.every((each) => numbers(first).includes(each)))
    assert.ok(before[1]?.every((each) => numbers(second).includes(each)))
    await Promise.all([first.close(), second.close()])
    await Promise.all(loops)
  })
}

test('under the cooperative protocol the partitions that stay are read while others move', async (t) => {
  const { consumer, fill } = await ConsumerWorld.start(t, 4)
  const revoked: number[][] = []
  const options = { groupId: 'g', partitionAssignmentStrategy: ['cooperative-sticky'] } as const
  const seen = new Set<number>()
  const first = consumer({ ...options, onRevoked: (each) => void revoked.push(each.map(({ partition }) => partition)) })
  const loops = [
    (async () => {
      for await (const record of first) seen.add(valueOf(record))
    })(),
  ]
  await until('all with one', () => isShared([first], 4))
  const second = consumer(options)
  loops.push(loop(second) as Promise<void>)
  await until('shared', () => isShared([first, second], 4))
  assert.deepEqual(
    revoked.map((each) => each.length),
    [2],
  )
  await fill(4)
  await until('its own two', () => seen.size === 2)
  await Promise.all([first.close(), second.close()])
  await Promise.all(loops)
})

test('an assignor of the program shares out, and what it says is checked', async (t) => {
  const { consumer } = await ConsumerWorld.start(t, 4)
  const greedy = (twice: boolean): PartitionAssignor => ({
    name: 'greedy',
    protocols: ['EAGER'],
    userData: () => new TextEncoder().encode('rich'),
    assign: (members, counts) => {
      assert.equal(String(Buffer.from(members[0]?.subscription.userData ?? [])), 'rich')
      const all = upTo(counts.get('orders') ?? 0).map((partition) => ({ topic: 'orders', partition }))
      return new Map(members.map(({ memberId }, i) => [memberId, i === 0 || twice ? all : []]))
    },
  })
  const options = { groupId: 'g', partitionAssignmentStrategy: [greedy(false)] }
  const members = [consumer(options), consumer(options)]
  const loops = members.map(loop)
  await until('one has all', () => members.some((each) => numbers(each).length === 4))
  await Promise.all(members.map((each) => each.close()))
  await Promise.all(loops)
  const wrong = { groupId: 'h', partitionAssignmentStrategy: [greedy(true)] }
  const failing = [consumer(wrong), consumer(wrong)].map(loop)
  await assert.rejects(Promise.race(failing), /'greedy' gave orders-0 to two members/)
})

test('what an assignor of the program says that makes no sense is told with its name', async (t) => {
  const { consumer } = await ConsumerWorld.start(t, 2)
  const says: [said: (memberId: string) => unknown, message: RegExp][] = [
    [() => undefined, /'odd' gave undefined, expected a Map/],
    [(memberId) => ({ [memberId]: [] }), /'odd' gave \{.*\}, expected a Map/],
    [(memberId) => new Map([[memberId, 'orders-0']]), /'odd' gave '.*' "orders-0", expected a list/],
    [
      (memberId) => new Map([[memberId, [{ topic: 'orders', partition: -1 }]]]),
      /'odd' gave orders--1, which isn't there/,
    ],
    [(memberId) => new Map([[memberId, [{ topic: 'orders', partition: 0.5 }]]]), /'odd' gave orders-0.5, which isn't/],
  ]
  for (const [i, [said, message]] of says.entries()) {
    const assign: unknown = (members: readonly { memberId: string }[]) => said(members[0]?.memberId ?? '')
    const odd = { name: 'odd', protocols: ['EAGER'], userData: () => null, assign } as PartitionAssignor
    await assert.rejects(read(consumer({ groupId: `g${i}`, partitionAssignmentStrategy: [odd] }), 1), message)
  }
})

test('a member that its own assignor failed leaves the group, so that others need not wait for it', async (t) => {
  const { admin, consumer } = await ConsumerWorld.start(t)
  const assign = (): never => {
    throw new Error('no')
  }
  const failing: PartitionAssignor = { name: 'failing', protocols: ['EAGER'], userData: () => null, assign }
  await assert.rejects(read(consumer({ groupId: 'g', partitionAssignmentStrategy: [failing] }), 1), /no/)
  assert.equal(await membersOf(admin), 0)
})

for (const strategy of ['range', 'cooperative-sticky'] as const) {
  test(`what onRevoked throws is told once, whatever it is, and the next loop goes on (${strategy})`, async (t) => {
    const { consumer, fill } = await ConsumerWorld.start(t, 2)
    await fill(4)
    const mine = new KafkaError('REQUEST_TIMED_OUT', 'mine', { retriable: true })
    let revoked = 0
    const reader = consumer({
      groupId: 'g',
      partitionAssignmentStrategy: [strategy],
      onRevoked: () => {
        revoked += 1
        if (revoked === 1) throw mine
      },
    })
    const other = consumer({ groupId: 'g', partitionAssignmentStrategy: [strategy] })
    const seen: number[] = []
    const going = (async () => {
      for await (const record of reader) seen.push(valueOf(record))
    })()
    await until('read', () => seen.length === 4)
    const reading = strategy === 'range' ? reader.enforceRebalance() : loop(other)
    await assert.rejects(going, mine)
    assert.equal(revoked, 1)
    // At once, as a program does that catches the error around its loop.
    const again = loop(reader)
    await until('all is read again', () => reader.assignment().length + other.assignment().length === 2)
    await Promise.all([reader.close(), other.close()])
    await Promise.all([again, reading])
  })
}

test('what onAssigned throws is told as it is, also where it could be tried again', async (t) => {
  const { consumer, fill } = await ConsumerWorld.start(t)
  await fill(1)
  const mine = new KafkaError('REQUEST_TIMED_OUT', 'mine', { retriable: true })
  let told = 0
  const onAssigned = (): void => {
    told += 1
    if (told <= 2) throw mine
  }
  for (const groupId of ['g', undefined]) {
    told = 0
    const reader = consumer({ ...(groupId === undefined ? {} : { groupId }), onAssigned })
    await assert.rejects(read(reader, 1), mine)
    await assert.rejects(read(reader, 1), mine)
    assert.equal((await read(reader, 1)).length, 1)
    assert.equal(told, 3)
  }
})

test('of several assignors the group takes one that all members have', async (t) => {
  const { admin, consumer } = await ConsumerWorld.start(t, 2)
  const strategies: ConsumerOptions['partitionAssignmentStrategy'][] = [
    ['range', 'roundrobin'],
    ['roundrobin', 'sticky'],
  ]
  const members = strategies.map((each) => consumer({ groupId: 'g', partitionAssignmentStrategy: each ?? [] }))
  const loops = members.map(loop)
  await until('shared', () => isShared(members, 2))
  const described = (await admin.describeGroups(['g'])).get('g')
  assert.equal(described?.ok === true ? described.value.protocol : '', 'roundrobin')
  await Promise.all(members.map((each) => each.close()))
  await Promise.all(loops)
})

test('a loop that holds its record longer than the session lasts is waited for, and commits it', async (t) => {
  const { admin, broker, consumer, fill } = await ConsumerWorld.start(t)
  await fill(1)
  const sessionTimeoutMs = 30_000
  const options = { groupId: 'g', sessionTimeoutMs, partitionAssignmentStrategy: ['range'] } as const
  const first = consumer(options)
  let beats = 0
  const revoked: number[] = []
  const slow = (async () => {
    for await (const record of first) {
      assert.equal(record.offset, 0)
      const joins = Promise.withResolvers<void>()
      broker.intercept('JoinGroup', (_, next) => {
        joins.resolve()
        return next()
      })
      const second = consumer({ ...options, onAssigned: (each) => void revoked.push(each.length) })
      void loop(second)
      await joins.promise
      // From here on the group waits for this member.
      broker.intercept('Heartbeat', (_, next) => {
        beats += 1
        return next()
      })
      for (let passedMs = 0; passedMs <= sessionTimeoutMs; passedMs += sessionTimeoutMs / 3) {
        const before = beats
        await until('another heartbeat', () => beats > before)
        await broker.clock.advance(sessionTimeoutMs / 3)
      }
      assert.deepEqual(revoked, [])
    }
  })()
  await until('the other one has an assignment', () => revoked.length > 0)
  assert.deepEqual(
    (await admin.fetchOffsets('g')).map(({ offset }) => offset),
    [1],
  )
  await first.close()
  await slow
})

test('callbacks are waited for, and may pause what they are told of', async (t) => {
  const { consumer, fill } = await ConsumerWorld.start(t, 2)
  await fill(4)
  const order: string[] = []
  const later = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  const first: Consumer = consumer({
    groupId: 'g',
    partitionAssignmentStrategy: ['range'],
    onAssigned: async (partitions) => {
      order.push('assigned')
      await later()
      first.pause(partitions.filter(({ partition }) => partition === 0))
      order.push('assigned, waited for')
    },
    onRevoked: async () => {
      order.push('revoked')
      await later()
      order.push('revoked, waited for')
    },
  })
  const records = await read(first, 2)
  assert.ok(records.every(({ partition }) => partition === 1))
  const goingOn = loop(first)
  const second = consumer({ groupId: 'g', partitionAssignmentStrategy: ['range'] })
  const other = loop(second)
  await until('shared', () => isShared([first, second], 2))
  await Promise.all([first.close(), second.close()])
  await Promise.all([goingOn, other])
  const round = ['assigned', 'assigned, waited for']
  assert.deepEqual(order.slice(0, 6), [...round, 'revoked', 'revoked, waited for', ...round])
})

test('close during a slow onRevoked waits for it, and no partition is revoked twice', async (t) => {
  const { consumer } = await ConsumerWorld.start(t, 4)
  const options = { groupId: 'g', partitionAssignmentStrategy: ['cooperative-sticky'] } as const
  const slow = Promise.withResolvers<void>()
  const revoked: number[][] = []
  const first = consumer({
    ...options,
    onRevoked: async (partitions) => {
      revoked.push(partitions.map(({ partition }) => partition))
      if (revoked.length === 1) await slow.promise
    },
  })
  const loops = [loop(first)]
  await until('all with one', () => isShared([first], 4))
  const second = consumer(options)
  loops.push(loop(second))
  await until('two are being revoked', () => revoked.length === 1)
  const closing = first.close()
  for (const _ of upTo(20)) await new Promise((resolve) => setImmediate(resolve))
  const meanwhile = revoked.length
  slow.resolve()
  await closing
  assert.equal(meanwhile, 1, 'one after the other')
  assert.deepEqual(
    revoked.flat().toSorted((a, b) => a - b),
    upTo(4),
  )
  await until('all with the other', () => isShared([second], 4))
  await second.close()
  await Promise.all(loops)
})

test('a member that the group has forgotten says so, and joins again', async (t) => {
  const { admin, broker, consumer, fill } = await ConsumerWorld.start(t)
  await fill(2)
  const lost: number[] = []
  const sessionTimeoutMs = 30_000
  const reader = consumer({ groupId: 'g', sessionTimeoutMs, onLost: (each) => void lost.push(each.length) })
  const records = [...(await read(reader, 1))]
  const going = (async () => {
    for await (const record of reader) records.push(record)
  })()
  const stop = broker.intercept('Heartbeat', () => {
    throw new KafkaError('UNKNOWN_MEMBER_ID')
  })
  await until('lost', () => lost.length > 0)
  stop()
  // The broker still has the old member, and waits for it as long as its session lasts.
  await until('it asks to be let in', async () => (await membersOf(admin)) === 2)
  await broker.clock.advance(sessionTimeoutMs)
  await until('joined again', () => numbers(reader).length === 1)
  await fill(1, 2)
  await until('reads on', () => records.some((record) => valueOf(record) === 2))
  await reader.close()
  await going
  assert.ok(lost.every((count) => count === 1))
})

test('a coordinator that moves or loads is found again', async (t) => {
  const { broker, consumer, fill } = await ConsumerWorld.start(t)
  await fill(1)
  const errors = ['COORDINATOR_NOT_AVAILABLE', 'NOT_COORDINATOR', 'COORDINATOR_LOAD_IN_PROGRESS'] as const
  for (const api of ['JoinGroup', 'SyncGroup', 'OffsetFetch', 'Heartbeat', 'FindCoordinator'] as const) {
    let left = errors.length
    broker.intercept(api, (_, next) => {
      left -= 1
      const error = errors[left]
      if (error !== undefined) throw new KafkaError(error)
      return next()
    })
  }
  let beats = 0
  broker.intercept('Heartbeat', (_, next) => {
    beats += 1
    return next()
  })
  const reader = consumer({ groupId: 'g' })
  assert.equal((await read(reader, 1)).length, 1)
  const going = loop(reader)
  await until('it stays a member', () => beats >= 8)
  assert.equal(numbers(reader).length, 1)
  await reader.close()
  await going
})

test('what the group refuses for good ends the loop with it, and the next loop tries again', async (t) => {
  const { broker, consumer, fill } = await ConsumerWorld.start(t)
  await fill(1)
  const stop = broker.intercept('JoinGroup', () => {
    throw new KafkaError('GROUP_AUTHORIZATION_FAILED')
  })
  const reader = consumer({ groupId: 'g' })
  await assert.rejects(read(reader, 1), { error: 'GROUP_AUTHORIZATION_FAILED' })
  stop()
  assert.equal((await read(reader, 1)).length, 1)
})

test('a broker that asks for a member id over and over is not asked in a hurry', async (t) => {
  const { broker, consumer } = await ConsumerWorld.start(t)
  let joins = 0
  broker.intercept('JoinGroup', () => {
    joins += 1
    throw new KafkaError('UNKNOWN_MEMBER_ID')
  })
  const reader = consumer({ groupId: 'g', retryBackoffMs: 10_000, retryBackoffMaxMs: 10_000 })
  const going = loop(reader)
  await until('it was asked', () => joins >= 2)
  for (const _ of upTo(100)) await new Promise((resolve) => setImmediate(resolve))
  assert.ok(joins <= 3, `${joins} times`)
  await reader.close()
  await going
})

test('a program asks for a new round, and is told who it is in the group', async (t) => {
  const { consumer } = await ConsumerWorld.start(t)
  const reader = consumer({ groupId: 'g' })
  const going = loop(reader)
  await until('assigned', () => numbers(reader).length === 1)
  const before = reader.groupMetadata()
  assert.equal(before?.groupId, 'g')
  reader.enforceRebalance()
  await until('another generation', () => (reader.groupMetadata()?.generationId ?? 0) > before.generationId)
  assert.equal(reader.groupMetadata()?.memberId, before.memberId)
  await reader.close()
  await going
  assert.equal(consumer().groupMetadata(), undefined)
})

test('a static member leaves for good only where it is told to', async (t) => {
  const { admin, consumer, fill } = await ConsumerWorld.start(t)
  await fill(1)
  const options = { groupId: 'g', groupInstanceId: 'one' }
  const first = consumer(options)
  await read(first, 1)
  await first.close()
  assert.equal(await membersOf(admin), 1)
  const second = consumer(options)
  await read(second, 1)
  await second.close({ leaveGroup: true })
  assert.equal(await membersOf(admin), 0)
})

test('a program that took a record and went away leaves the group too, and says so', async (t) => {
  const clock = clientClock(t)
  const { admin, consumer, fill } = await ConsumerWorld.start(t)
  await fill(3)
  const warned: string[] = []
  const logger = { ...silentLogger, warn: (message: string) => void warned.push(message) }
  const reader = consumer({ groupId: 'g', maxPollIntervalMs: 60_000, logger })
  await read(reader, 1)
  await clock.advance(60_000)
  await until('it left', async () => (await membersOf(admin)) === 0)
  for (const _ of upTo(5)) {
    await clock.advance(60_000)
    assert.equal(await membersOf(admin), 0, 'it stays away')
  }
  assert.equal(warned.length, 1, 'it is said once')
  assert.match(warned[0] ?? '', /longer than maxPollIntervalMs/)
  assert.equal((await read(reader, 1)).length, 1)
})

test('partitions whose start can not be found are given out again, and then read', async (t) => {
  const clock = clientClock(t)
  const { broker, consumer, fill } = await ConsumerWorld.start(t)
  await fill(1)
  let joins = 0
  broker.intercept('JoinGroup', (_, next) => {
    joins += 1
    return next()
  })
  let refused = 0
  const stop = broker.intercept('OffsetFetch', () => {
    refused += 1
    throw new KafkaError('UNSTABLE_OFFSET_COMMIT')
  })
  const options = {
    groupId: 'g',
    partitionAssignmentStrategy: ['cooperative-sticky'],
    defaultApiTimeoutMs: 60_000,
  } as const
  const reading = read(consumer(options), 1)
  await until('it is asked for again', () => refused > 1)
  const before = joins
  await clock.advance(options.defaultApiTimeoutMs)
  await until('a call took too long, and they are given out again', () => joins > before)
  stop()
  assert.equal((await reading).length, 1)
})
