import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TransactionIndex, txnEntryBytes } from './transaction-index.ts'

function indexOf(...entries: readonly (readonly [first: number, last: number])[]): TransactionIndex {
  const index = new TransactionIndex()
  for (const [firstOffset, lastOffset] of entries)
    index.append({ producerId: 200, firstOffset, lastOffset, lastStableOffset: 14 })
  return index
}

test('transactions that overlap are no damage, and neither is one that began before the segment', () => {
  assert.equal(indexOf([3, 11], [5, 12]).damage(10), undefined)
})

test('an entry of which a power cut left the beginning is damage', () => {
  const bytes = indexOf([28, 39]).whole().slice()
  // Behind the offset where it begins.
  bytes.fill(0, 18, txnEntryBytes)
  assert.equal(new TransactionIndex(bytes).damage(0), 'entry 0 ends at 0, and begins at 28')
})

test('entries whose ends do not rise are damage', () => {
  assert.equal(indexOf([3, 12], [5, 12]).damage(0), 'entry 1 does not rise')
})
