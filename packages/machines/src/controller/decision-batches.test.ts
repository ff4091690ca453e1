import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asRevision } from '@millrace/kernel'
import { batchDecisions } from './decision-batches.ts'
import type { ItemDecision } from './decision.ts'
import type { StoreCondition, StoreOp } from './store-types.ts'

const author: StoreCondition = { key: '/controller', createRevision: asRevision(1) }

const put = (key: string): StoreOp => ({ kind: 'put', key, value: '' })

const decision = (item: string, ...transactions: (readonly string[])[]): ItemDecision<string, string> => ({
  item,
  transactions: transactions.map((keys) => ({
    conditions: [author, { key: item, modRevision: asRevision(0) }],
    ops: keys.map(put),
  })),
  answer: item,
  refuse: (error) => error,
})

const itemsOf = (decisions: Iterable<ItemDecision<string, string>>): string[] =>
  Array.from(batchDecisions(decisions), (batch) => batch.decisions.map(({ item }) => item).join())

const keys = (count: number, prefix = ''): string[] => Array.from({ length: count }, (_, i) => `/${prefix}${i}`)

test('decisions of one transaction each are one, under the conditions of all', () => {
  const [batch, ...others] = batchDecisions([decision('/a', ['/a', '/a/0']), decision('/b', ['/b'])])
  assert.deepEqual(others, [])
  assert.deepEqual(batch?.transaction, {
    conditions: [author, { key: '/a', modRevision: 0 }, { key: '/b', modRevision: 0 }],
    ops: [put('/a'), put('/a/0'), put('/b')],
  })
})

test('a transaction has no more operations than a store takes', () => {
  const large = (item: string): ItemDecision<string, string> => decision(item, keys(50, item))
  assert.deepEqual(itemsOf(['a', 'b', 'c', 'd', 'e'].map(large)), ['a,b', 'c,d', 'e'])
})

test('a decision of several transactions is on its own', () => {
  const batches = [...batchDecisions([decision('a', ['/a']), decision('b', ['/b'], ['/b/0']), decision('c', ['/c'])])]
  assert.deepEqual(
    batches.map(({ decisions, transaction }) => [decisions.length, transaction?.ops.length ?? null]),
    [
      [1, 1],
      [1, null],
      [1, 1],
    ],
  )
})

test('decisions that write the same key are not one', () => {
  assert.deepEqual(itemsOf([decision('a', ['/x']), decision('b', ['/x'])]), ['a', 'b'])
})

test('decisions that write nothing are asked for forty at a time', () => {
  let asked = 0
  const decisions = (function* () {
    for (const item of keys(100)) {
      asked += 1
      yield decision(item)
    }
  })()
  const [first] = batchDecisions(decisions)
  assert.deepEqual([first?.decisions.length, first?.transaction, asked], [40, null, 41])
})
