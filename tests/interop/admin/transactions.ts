import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { valueOf, valuesOf } from '@millrace/client'
import kafkajs from 'kafkajs'
import { errorOf, until, type World } from './world.ts'

const partition = { topic: 'ledger', partition: 0 }

export function transactionTests(world: World): void {
  suite('transactions', () => {
    const latest = async (): Promise<number | undefined> =>
      valuesOf(
        await world.admin.listOffsets([{ ...partition, at: 'latest' }], { isolationLevel: 'read_committed' }),
      ).get('ledger-0')?.offset

    async function open(transactionalId: string): Promise<{ stop: () => Promise<void> }> {
      const client = new kafkajs.Kafka({
        brokers: [world.kafka.bootstrap.PLAINTEXT],
        logLevel: kafkajs.logLevel.NOTHING,
        retry: { retries: 3 },
      })
      const producer = client.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 })
      await producer.connect()
      const transaction = await producer.transaction()
      await transaction.send({ topic: 'ledger', messages: [{ value: 'v', partition: 0 }] })
      return { stop: () => producer.disconnect() }
    }

    test('an open transaction is listed, described, seen by its partition, and ended by fencing its producer', async () => {
      const { admin } = world
      await admin.createTopics([{ name: 'ledger', partitions: 1 }])
      const producer = await open('payments')
      const listed = await admin.listTransactions({
        states: ['Ongoing'],
        openForMs: 0,
        transactionalIdPattern: 'pay.*',
      })
      assert.deepEqual(
        listed.map(({ transactionalId, state }) => [transactionalId, state]),
        [['payments', 'Ongoing']],
      )
      assert.deepEqual(await admin.listTransactions({ openForMs: 3_600_000 }), [])
      // @ts-expect-error as of who writes JavaScript
      await assert.rejects(admin.listTransactions({ states: ['ongoing'] }), /INVALID_REQUEST: .*no state ongoing/)
      const described = await admin.describeTransactions(['payments', 'nobody'])
      assert.equal(errorOf(described.get('nobody')), 'TRANSACTIONAL_ID_NOT_FOUND')
      const payments = valueOf(described.get('payments')!)
      assert.deepEqual([payments.state, payments.partitions, payments.coordinator], ['Ongoing', [partition], 1])
      assert.ok(payments.startedMs !== null)
      const [state] = valuesOf(await admin.describeProducers([partition])).get('ledger-0') ?? []
      assert.deepEqual([state?.producerId, state?.transactionStartOffset], [payments.producerId, 0])
      assert.equal(await latest(), 0)
      const fenced = valuesOf(await admin.fenceProducers(['payments', 'new'])).get('payments')
      assert.ok(fenced !== undefined && fenced.producerEpoch > payments.producerEpoch)
      await until(async () => (await latest()) === 2)
      await producer.stop()
    })

    test('a transaction of one partition is aborted there, whatever its coordinator thinks of it', async () => {
      const { admin } = world
      const producer = await open('refunds')
      const states = valuesOf(await admin.describeProducers([partition], { broker: 1 })).get('ledger-0') ?? []
      const state = states.find(({ transactionStartOffset }) => transactionStartOffset !== null)
      assert.ok(state !== undefined)
      const { producerId, producerEpoch } = state
      const abort = { ...partition, producerId, producerEpoch, coordinatorEpoch: 5 }
      await admin.abortTransaction(abort)
      await until(async () => (await latest()) === 4)
      const older = admin.abortTransaction({ ...abort, coordinatorEpoch: 4 })
      await assert.rejects(older, { error: 'TRANSACTION_COORDINATOR_FENCED' })
      await producer.stop()
    })
  })
}
