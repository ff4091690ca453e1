import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lastOfEach } from './last-of-each.ts'
import type { Naming } from './last-of-each.ts'

interface Part {
  readonly index: number
  readonly what: string
}
interface Topic {
  readonly name: string
  readonly parts: readonly Part[]
}

const naming: Naming<Topic, Part> = {
  keyOf: ({ name }) => name,
  partsOf: ({ parts }) => parts,
  indexOf: ({ index }) => index,
  withParts: (topic, parts) => ({ ...topic, parts }),
}

const topic = (name: string, ...parts: (readonly [number, string])[]): Topic => ({
  name,
  parts: parts.map(([index, what]) => ({ index, what })),
})

test('a request that names each partition once is given back as it is', () => {
  const topics = [topic('a', [0, 'x'], [1, 'x']), topic('b', [0, 'x'], [1, 'x'])]
  assert.equal(lastOfEach(topics, naming), topics)
})

test('of a partition named twice the last counts, in the place of the first', () => {
  assert.deepEqual(lastOfEach([topic('a', [0, 'x'], [1, 'y'], [0, 'z'])], naming), [topic('a', [0, 'z'], [1, 'y'])])
})

test('a topic named twice is one topic', () => {
  const topics = [topic('a', [0, 'x'], [2, 'x']), topic('b', [0, 'y']), topic('a', [1, 'z'], [0, 'z'])]
  assert.deepEqual(lastOfEach(topics, naming), [topic('a', [0, 'z'], [2, 'x'], [1, 'z']), topic('b', [0, 'y'])])
})

test('one named twice among many is found', () => {
  const many = Array.from({ length: 100 }, (_, index) => [index, 'x'] as const)
  assert.equal(lastOfEach([topic('a', ...many, [50, 'y'])], naming)[0]?.parts[50]?.what, 'y')
})
