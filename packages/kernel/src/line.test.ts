import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Line } from './line.ts'

test('what comes stands in its order', () => {
  const line = new Line<string>()
  assert.equal(line.first, undefined)
  for (const value of ['a', 'b', 'c']) line.add(value)
  assert.deepEqual([...line], ['a', 'b', 'c'])
  assert.equal(line.first, 'a')
})

test('whoever leaves, the others stay in their order', () => {
  const values = ['a', 'b', 'c', 'd']
  for (const leaver of values) {
    const line = new Line<string>()
    const places = new Map(values.map((value) => [value, line.add(value)]))
    line.leave(places.get(leaver)!)
    const left = values.filter((value) => value !== leaver)
    assert.deepEqual([...line], left)
    assert.equal(line.first, left[0])
    line.add('e')
    assert.deepEqual([...line], [...left, 'e'])
  }
})

test('the first can leave without its place', () => {
  const line = new Line<string>()
  line.shift()
  const a = line.add('a')
  line.add('b')
  line.shift()
  line.leave(a)
  assert.deepEqual([...line], ['b'])
  line.shift()
  assert.deepEqual([...line], [])
})

test('who has left leaves nobody else alone by leaving again', () => {
  const line = new Line<string>()
  const [a, b] = [line.add('a'), line.add('b')]
  line.leave(a)
  line.leave(a)
  assert.deepEqual([...line], ['b'])
  line.leave(b)
  line.leave(b)
  line.leave(a)
  assert.deepEqual([...line], [])
  line.add('c')
  line.leave(b)
  assert.deepEqual([...line], ['c'])
})

test('what has left leads to nothing that still stands there', () => {
  const line = new Line<string>()
  const [a, b] = [line.add('a'), line.add('b')]
  line.add('c')
  line.leave(b)
  line.leave(a)
  for (const place of [a, b]) assert.deepEqual([place.before, place.after], [undefined, undefined])
})
