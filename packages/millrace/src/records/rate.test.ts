import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesText, rateSummary } from './rate.ts'

test('a summary says records, bytes, time and rates', () => {
  assert.equal(
    rateSummary('produced', 1_234_567, 56_700_000, 8_900),
    'produced 1,234,567 records (56.7 MB) in 8.9 s: 138,715 records/s, 6.4 MB/s',
  )
  assert.equal(rateSummary('consumed', 1, 5, 0), 'consumed 1 record (5 B) in 0.0 s: 1,000 records/s, 5.0 KB/s')
})

test('bytes are told in powers of a thousand', () => {
  assert.deepEqual([0, 999, 1_000, 1_500_000, 2e15].map(bytesText), ['0 B', '999 B', '1.0 KB', '1.5 MB', '2.0 PB'])
})
