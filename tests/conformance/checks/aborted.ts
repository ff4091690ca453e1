// Transactions that were aborted. They are written by kafkajs, which knows transactions as long as anybody.
import assert from 'node:assert/strict'
import { uniqueName } from '../../interop/clients/client.ts'
import { kafkaOf } from '../../interop/clients/kafkajs.ts'
import { collect, endsWith, type Check, type Collected } from './check.ts'

type Outcome = 'commit' | 'abort'
type Writer = (outcome: Outcome, values: readonly string[]) => Promise<void>

// One batch for each value, as long as `bytes`.
async function inTransactions(bootstrap: string, topic: string, work: (write: Writer) => Promise<void>): Promise<void> {
  const transactionalId = uniqueName('aborts')
  const producer = kafkaOf(bootstrap).producer({ transactionalId, maxInFlightRequests: 1, idempotent: true })
  await producer.connect()
  try {
    await work(async (outcome, values) => {
      const transaction = await producer.transaction()
      for (const value of values) await transaction.send({ topic, messages: [{ value, partition: 0 }] })
      await transaction[outcome]()
    })
  } finally {
    await producer.disconnect()
  }
}

async function plainly(bootstrap: string, topic: string, values: readonly string[]): Promise<void> {
  const producer = kafkaOf(bootstrap).producer()
  await producer.connect()
  for (const value of values) await producer.send({ topic, messages: [{ value, partition: 0 }] })
  await producer.disconnect()
}

const padding = ' '.padEnd(5_000, 'x')

function shown({ values, error }: Collected, expected: readonly string[]): string {
  const names = values.map((value) => value.replace(padding, ''))
  assert.deepEqual(
    { names, error },
    { names: expected, error: undefined },
    `it shows ${names.join(', ')} ${error ?? ''}`,
  )
  return ''
}

export const aborted: Check = {
  title: 'aborted records are never shown',
  async run(client, world) {
    const topic = await world.topic('aborted')
    await inTransactions(world.bootstrap, topic, async (write) => {
      await write('commit', ['committed 1', 'committed 2'])
      await write('abort', ['aborted 1', 'aborted 2'])
      await plainly(world.bootstrap, topic, ['plain'])
      await write('commit', ['end'])
    })
    const seen = await collect(client, world, { topic, committedOnly: true, until: endsWith('end') })
    return shown(seen, ['committed 1', 'committed 2', 'plain', 'end'])
  },
}

export const twoAborted: Check = {
  title: 'two aborted transactions of one producer in one fetch',
  async run(client, world) {
    const topic = await world.topic('two-aborted')
    await inTransactions(world.bootstrap, topic, async (write) => {
      await write('abort', ['aborted 1', 'aborted 2'])
      await write('abort', ['aborted 3'])
      await write('commit', ['committed'])
      await write('abort', ['aborted 4'])
    })
    await plainly(world.bootstrap, topic, ['end'])
    const seen = await collect(client, world, { topic, committedOnly: true, until: endsWith('end') })
    return shown(seen, ['committed', 'end'])
  },
}

export const markerBeyondFetch: Check = {
  title: 'an aborted transaction whose marker lies beyond the fetch',
  async run(client, world) {
    const topic = await world.topic('marker-beyond')
    const long = (name: string): string => name + padding
    await inTransactions(world.bootstrap, topic, async (write) => {
      await write('commit', [long('committed 1')])
      await write(
        'abort',
        [1, 2, 3, 4, 5].map((i) => long(`aborted ${i}`)),
      )
      await write('commit', [long('committed 2')])
      await write('abort', [long('aborted 6')])
    })
    await plainly(world.bootstrap, topic, ['end'])
    // A fetch brings one batch, or two.
    const options = { topic, committedOnly: true, fetchBytes: 6_000, until: endsWith('end') }
    const seen = await collect(client, world, options)
    return shown(seen, ['committed 1', 'committed 2', 'end'])
  },
}

export const open: Check = {
  title: 'what lies behind an open transaction waits until it has ended',
  async run(client, world) {
    const topic = await world.topic('open')
    await plainly(world.bootstrap, topic, ['before'])
    const producer = kafkaOf(world.bootstrap).producer({
      transactionalId: uniqueName('open'),
      maxInFlightRequests: 1,
      idempotent: true,
    })
    await producer.connect()
    const transaction = await producer.transaction()
    await transaction.send({ topic, messages: [{ value: 'open', partition: 0 }] })
    await plainly(world.bootstrap, topic, ['end'])
    let ended = false
    const until = (values: readonly string[]): boolean => {
      // The transaction ends when the reader has come to it.
      if (values.length === 1 && !ended) {
        ended = true
        setTimeout(() => void transaction.abort(), 1_000)
      }
      return endsWith('end')(values)
    }
    const startMs = performance.now()
    const seen = await collect(client, world, { topic, committedOnly: true, until })
    await producer.disconnect()
    assert.ok(performance.now() - startMs >= 1_000, 'it came before the transaction had ended')
    return shown(seen, ['before', 'end'])
  },
}
