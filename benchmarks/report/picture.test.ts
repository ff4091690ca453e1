import assert from 'node:assert/strict'
import { test } from 'node:test'
import { picture } from './picture.ts'

test('the longest label has room left of the scale', () => {
  const title = '1024 B memory, producer, arrays of 100 ÷ @platformatic/kafka’s stream'
  const ratio = { median: 1, lowest: 0.5, highest: 2 }
  const svg = picture([{ figure: { title, better: 'less', goal: 1 }, ratio, reached: true }])
  const [, end = '', label] = /<text x="(\d+)"[^>]*text-anchor="end">([^<]*)</.exec(svg) ?? []
  assert.equal(label, title)
  // 13 px of a usual sans serif are 6.5 px a letter on average.
  assert.ok(Number(end) >= 6.5 * title.length, end)
})
