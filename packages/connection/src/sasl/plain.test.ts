import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plain } from './plain.ts'

test('PLAIN sends name and password once, in UTF-8, and has nothing to add', async () => {
  const exchange = plain('tim', () => Promise.resolve('tanstaaftanstaaf'))
  assert.equal(String(await exchange.start()), '\0tim\0tanstaaftanstaaf')
  assert.equal(await exchange.next(Buffer.alloc(0)), null)
})

test('a NUL, which would make another name of it, is refused', async () => {
  await assert.rejects(async () => plain('a\0b', 'c').start(), /NUL/)
})

test('a password that is none is refused, and not sent as the text of it', async () => {
  const nothing = (() => undefined) as unknown as () => string
  await assert.rejects(async () => plain('u', nothing).start(), /the password is undefined, expected text/)
})
