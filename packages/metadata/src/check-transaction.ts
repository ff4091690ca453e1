import { assert } from '@millrace/kernel'
import { afterAllKeys } from './key-order.ts'
import type { Transaction } from './store.ts'

const keyCharsMax = 1_024
const valueCharsMax = 1_048_576

/** Stops what can't be a transaction at all: a fault of ours, before any store sees it. */
export function checkTransaction(transaction: Transaction): void {
  const keys = new Set<string>()
  for (const op of transaction.ops) {
    checkKey(op.key)
    assert(!keys.has(op.key), `a transaction writes a key once, got ${op.key} twice`)
    keys.add(op.key)
    const chars = op.kind === 'put' ? op.value.length : 0
    assert(chars <= valueCharsMax, `${op.key} holds at most ${valueCharsMax} characters, got ${chars}`)
  }
}

function checkKey(key: string): void {
  assert(key.startsWith('/'), `a key is a path, got '${key}'`)
  assert(!key.includes('\0') && !key.includes(afterAllKeys), `a key is printable text, got ${JSON.stringify(key)}`)
  assert(key.length <= keyCharsMax, `a key has at most ${keyCharsMax} characters, got ${key.length}`)
}
