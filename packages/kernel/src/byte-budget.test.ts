import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteBudget } from './byte-budget.ts'

test('a budget grants up to its limit and makes the next one wait in order', () => {
  const budget = new ByteBudget(10)
  const granted: string[] = []
  assert.equal(budget.tryTake(6), true)
  budget.take(5, () => granted.push('five'))
  budget.take(1, () => granted.push('one'))
  assert.deepEqual(granted, [])
  assert.equal(budget.tryTake(1), false)
  budget.give(6)
  assert.deepEqual(granted, ['five', 'one'])
  assert.equal(budget.heldBytes, 6)
})

test('one grant larger than the whole budget is given when nothing else is held', () => {
  const budget = new ByteBudget(10)
  assert.equal(budget.tryTake(50), true)
  assert.equal(budget.freeBytes, 0)
  budget.give(50)
  assert.equal(budget.heldBytes, 0)
})

test('who gives up waiting lets those behind it through', () => {
  const budget = new ByteBudget(10)
  const granted: string[] = []
  budget.tryTake(5)
  const giveUp = budget.take(9, () => granted.push('nine'))
  budget.take(2, () => granted.push('two'))
  giveUp()
  assert.deepEqual(granted, ['two'])
})

test('what is in memory already overtakes those who wait, and counts', () => {
  const budget = new ByteBudget(10)
  const granted: string[] = []
  budget.tryTake(8)
  budget.take(5, () => granted.push('five'))
  budget.takeAnyway(4)
  assert.equal(budget.heldBytes, 12)
  assert.equal(budget.freeBytes, 0)
  budget.give(8)
  assert.deepEqual(granted, ['five'])
})

test('giving back more than was taken is a bug', () => {
  const budget = new ByteBudget(10)
  assert.throws(() => budget.give(1), /more bytes given back/)
})
