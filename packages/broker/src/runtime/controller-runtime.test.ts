import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { asBrokerEpoch, asBrokerId, hostClock, seededRandom, silentLogger } from '@millrace/kernel'
import type { BrokerValue, ControllerView, CreatableTopic } from '@millrace/machines'
import { createTopics, registerBroker } from '@millrace/machines'
import type { CommitResult, MetadataStore, Transaction } from '@millrace/metadata'
import { memoryStore } from '@millrace/metadata'
import { errorName } from '@millrace/protocol'
import { BrokerSettings } from '../config/settings.ts'
import { controllerRules } from './controller-rules.ts'
import { ControllerRuntime } from './controller-runtime.ts'
import { ImageKeeper } from './image-keeper.ts'

const brokerId = asBrokerId(1)
const registration: BrokerValue = {
  listeners: [],
  rack: null,
  state: 'running',
  incarnationId: 'life',
  directoryIds: [],
  intactSince: null,
}

async function start(t: TestContext) {
  let nowMs = 0
  const clock = hostClock({ wallMs: () => nowMs, monotonicMs: () => nowMs, after: () => () => {} }, assert.ifError)
  const random = seededRandom(7)
  const real = memoryStore({ clock, random })
  const answers: CommitResult[] = []
  let beforeCommit: ((transaction: Transaction) => Promise<void>) | undefined
  const store: MetadataStore = {
    read: (prefix) => real.read(prefix),
    watch: (prefix, from, listener) => real.watch(prefix, from, listener),
    openSession: (ttlMs) => real.openSession(ttlMs),
    close: () => real.close(),
    commit: async (transaction) => {
      const answer = answers.shift()
      if (answer !== undefined) return answer
      await beforeCommit?.(transaction)
      return real.commit(transaction)
    },
  }
  const images = await ImageKeeper.open(store, silentLogger)
  const rules = controllerRules(new BrokerSettings())
  const endOfTurn = () => Promise.resolve()
  const options = { store, images, rules, random, clock, leaseClock: clock, log: silentLogger, endOfTurn }
  const controller = new ControllerRuntime(options)
  const session = await store.openSession(9_000)
  const registered = await store.commit(registerBroker(brokerId, registration, session.id))
  assert.ok(registered.kind === 'committed')
  await images.waitFor(registered.revision)
  await controller.start({ brokerId, brokerEpoch: asBrokerEpoch(registered.revision), session })
  t.after(() => controller.close())
  return {
    controller,
    images,
    answers,
    real,
    passMs: (ms: number) => (nowMs += ms),
    intervene: (work: typeof beforeCommit) => (beforeCommit = work),
  }
}

const topic = (name: string): CreatableTopic => ({
  name,
  numPartitions: 2,
  replicationFactor: 1,
  assignments: [],
  configs: [],
})
const create = (view: ControllerView, topics: readonly CreatableTopic[]) =>
  createTopics(view, { topics: [...topics], validateOnly: false })

const errorsOf = (results: readonly { readonly errorCode: number }[]) =>
  results.map(({ errorCode }) => errorName(errorCode))

test('the only broker becomes controller, and its own image has what it answers', async (t) => {
  const { controller, images } = await start(t)
  assert.ok(controller.isController)
  assert.deepEqual(errorsOf(await controller.decide([topic('orders')], create)), ['NONE'])
  const partitions = images.current.topicsByName.get('orders')?.partitions ?? []
  assert.deepEqual(
    partitions.map(({ leader, leaderEpoch }) => [leader, leaderEpoch]),
    [
      [1, 0],
      [1, 0],
    ],
  )
})

test('commands that come together are decided one after the other', async (t) => {
  const { controller } = await start(t)
  const both = await Promise.all([
    controller.decide([topic('orders')], create),
    controller.decide([topic('orders')], create),
  ])
  assert.deepEqual(both.map(errorsOf), [['NONE'], ['TOPIC_ALREADY_EXISTS']])
})

test('after a conflict the item is decided anew with what is there now', async (t) => {
  const { controller, real, intervene } = await start(t)
  intervene(async (transaction) => {
    intervene(undefined)
    await real.commit(transaction)
  })
  assert.deepEqual(errorsOf(await controller.decide([topic('orders')], create)), ['TOPIC_ALREADY_EXISTS'])
})

test('a write whose outcome is unknown is not repeated, and the client is told to look', async (t) => {
  const { controller, answers } = await start(t)
  answers.push({ kind: 'unknown', reason: 'no answer' })
  const [orders, illegal, others] = await controller.decide(['orders', 'a b', 'others'].map(topic), create)
  assert.ok(orders !== undefined && illegal !== undefined && others !== undefined)
  assert.deepEqual(errorsOf([orders, others]), ['REQUEST_TIMED_OUT', 'REQUEST_TIMED_OUT'])
  assert.deepEqual(errorsOf([illegal]), ['INVALID_TOPIC_EXCEPTION'])
})

test('many topics of one request are few transactions', async (t) => {
  const { controller, images, intervene } = await start(t)
  let commits = 0
  intervene(async () => void (commits += 1))
  const topics = Array.from({ length: 100 }, (_, i) => topic(`topic-${i}`))
  assert.deepEqual(new Set(errorsOf(await controller.decide(topics, create))), new Set(['NONE']))
  assert.equal(images.current.topicsByName.size, 100)
  assert.ok(commits <= 4, `${commits} commits`)
})

test('one topic of many that meets a conflict keeps no other from being created', async (t) => {
  const { controller, images, real, intervene } = await start(t)
  intervene(async ({ conditions }) => {
    intervene(undefined)
    const ops = conditions
      .filter(({ key }) => key.endsWith('/second'))
      .map(
        ({ key }) =>
          ({ kind: 'put', key, value: '{"version":1,"topicId":"AAAAAAAAAAAAAAAAAAAAAA","replicas":[]}' }) as const,
      )
    assert.equal((await real.commit({ conditions: [], ops })).kind, 'committed')
  })
  const results = await controller.decide(['first', 'second', 'third'].map(topic), create)
  assert.deepEqual(
    new Map(results.map(({ name, errorCode }) => [name, errorName(errorCode)])),
    new Map([
      ['first', 'NONE'],
      ['second', 'TOPIC_ALREADY_EXISTS'],
      ['third', 'NONE'],
    ]),
  )
  assert.equal(images.current.topicsByName.get('third')?.partitions[1]?.leader, 1)
})

test('a controller whose lease may have ended decides nothing', async (t) => {
  const { controller, passMs } = await start(t)
  passMs(9_000 * 0.7)
  assert.equal(controller.isController, false)
  assert.deepEqual(errorsOf(await controller.decide([topic('orders')], create)), ['NOT_CONTROLLER'])
})
