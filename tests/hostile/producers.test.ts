// Producers with sequences that don't fit: gaps, repeats, old and new epochs, also after a restart. What is expected is
// what Apache Kafka 4.3 answers: MILLRACE_INTEROP_TARGET=apache-kafka runs this file against it.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Connection } from '@millrace/connection'
import { initProducerIdApi } from '@millrace/protocol'
import { isApacheKafka, Target } from '../interop/target/target.ts'
import { goodBatch } from './bad-batches.ts'
import { portOf, unexpectedErrors } from './broker-under-test.ts'
import { Bystander, createTopic } from './bystander.ts'
import type { Verdict } from './raw-client.ts'
import { produceRaw, RawClient, verdictOf } from './raw-client.ts'

const target = await Target.start()
const port = portOf(target)
const connect = (): Promise<Connection> => Connection.connect({ host: '127.0.0.1', port })
const sequenceMax = 2 ** 31 - 1

async function newTopic(name: string): Promise<void> {
  const admin = await connect()
  await createTopic(admin, name)
  admin.close()
}

async function newProducerId(): Promise<number> {
  const connection = await connect()
  const body = { transactionalId: null, transactionTimeoutMs: 0 }
  let answer = await connection.request(initProducerIdApi, body)
  // Apache Kafka has none to give yet when it has just started.
  while (answer.errorCode !== 0) answer = await connection.request(initProducerIdApi, body)
  connection.close()
  return answer.producerId
}

interface Step {
  readonly sequence: number
  readonly count?: number
  readonly epoch?: number
}

/** Where the batch went, or why it didn't. */
async function send(topic: string, producerId: number, step: Step): Promise<Verdict | number> {
  const { sequence, count = 1, epoch = 0 } = step
  using client = await RawClient.connect(port)
  const records = goodBatch({ producerId, producerEpoch: epoch, baseSequence: sequence, count })
  const produced = await produceRaw(client, { topic, records })
  return produced?.errorCode === 0 ? produced.baseOffset : verdictOf(produced)
}

async function sendAll(topic: string, producerId: number, steps: readonly Step[]): Promise<(Verdict | number)[]> {
  const outcomes: (Verdict | number)[] = []
  for (const step of steps) outcomes.push(await send(topic, producerId, step))
  return outcomes
}

const gap = 'OUT_OF_ORDER_SEQUENCE_NUMBER'
const fenced = 'INVALID_PRODUCER_EPOCH'

interface Story {
  readonly name: string
  readonly steps: readonly (readonly [step: Step, outcome: Verdict | number])[]
}

const stories: readonly Story[] = [
  {
    name: 'a gap is refused and what fits goes on',
    steps: [
      [{ sequence: 0, count: 3 }, 0],
      [{ sequence: 4 }, gap],
      [{ sequence: 3 }, 3],
    ],
  },
  {
    name: 'a repeat of one of the last five batches is answered with its first offset',
    steps: [
      ...[0, 1, 2, 3, 4].map((sequence) => [{ sequence }, sequence] as const),
      ...[0, 1, 2, 3, 4].map((sequence) => [{ sequence }, sequence] as const),
    ],
  },
  {
    name: 'a repeat of an older batch is refused',
    steps: [...[0, 1, 2, 3, 4, 5].map((sequence) => [{ sequence }, sequence] as const), [{ sequence: 0 }, gap]],
  },
  {
    name: 'a batch that overlaps an earlier one is no repeat',
    steps: [
      [{ sequence: 0, count: 3 }, 0],
      [{ sequence: 0, count: 2 }, gap],
      [{ sequence: 1, count: 2 }, gap],
      [{ sequence: 2, count: 3 }, gap],
    ],
  },
  {
    name: 'an old epoch is fenced',
    steps: [
      [{ sequence: 0, epoch: 3 }, 0],
      [{ sequence: 1, epoch: 2 }, fenced],
      [{ sequence: 1, epoch: 3 }, 1],
    ],
  },
  {
    name: 'a new epoch begins at 0',
    steps: [
      [{ sequence: 0, count: 2 }, 0],
      [{ sequence: 2, epoch: 1 }, gap],
      [{ sequence: 0, epoch: 1 }, 2],
      [{ sequence: 2 }, fenced],
    ],
  },
  { name: 'a producer that nobody knows may begin anywhere', steps: [[{ sequence: 77 }, 0]] },
  {
    name: 'sequences go on at 0 after the largest',
    steps: [
      [{ sequence: sequenceMax - 1, count: 3 }, 0],
      [{ sequence: 0 }, gap],
      [{ sequence: 1 }, 3],
      [{ sequence: sequenceMax - 1, count: 3 }, 0],
    ],
  },
  {
    name: 'the largest sequence is followed by 0',
    steps: [
      [{ sequence: sequenceMax }, 0],
      [{ sequence: 0 }, 1],
    ],
  },
]

suite('sequences', () => {
  for (const [index, { name, steps }] of stories.entries()) {
    test(name, async () => {
      await using bystander = await Bystander.start(port)
      const topic = `sequences-${index}`
      await newTopic(topic)
      const outcomes = await sendAll(
        topic,
        await newProducerId(),
        steps.map(([step]) => step),
      )
      assert.deepEqual(
        outcomes,
        steps.map(([, outcome]) => outcome),
      )
      await bystander.assertServed()
    })
  }
})

suite('after a restart', () => {
  for (const how of ['a clean stop', 'kill -9'] as const) {
    test(`gaps, repeats and old epochs are known again after ${how}`, async () => {
      const topic = how.replaceAll(/\W+/g, '-')
      await newTopic(topic)
      const producerId = await newProducerId()
      const batches = [0, 1, 2, 3, 4, 5].map((sequence) => ({ sequence, epoch: 1 }))
      assert.deepEqual(await sendAll(topic, producerId, batches), [0, 1, 2, 3, 4, 5])
      if (how === 'kill -9') await target.kill()
      else await target.stop()
      await target.startAgain()
      // Apache Kafka answers before its partitions are led again.
      await newTopic(topic)
      const again = [...batches, { sequence: 7, epoch: 1 }, { sequence: 6, epoch: 0 }, { sequence: 6, epoch: 1 }]
      // Apache Kafka's snapshots know the last batch only.
      const repeats = isApacheKafka ? [gap, gap, gap, gap, gap, 5] : [gap, 1, 2, 3, 4, 5]
      assert.deepEqual(await sendAll(topic, producerId, again), [...repeats, gap, fenced, 6])
      assert.notEqual(await newProducerId(), producerId, 'an id is given out once')
    })
  }
})

test('nothing of all this was an error of the broker', { skip: isApacheKafka }, () => {
  assert.deepEqual(unexpectedErrors(target), [])
})
