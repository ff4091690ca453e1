import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OAuthBearer } from './oauth-bearer.ts'

test('a token goes out with its extensions, and silence is consent', async () => {
  const exchange = new OAuthBearer(() => Promise.resolve({ value: 'vF9dft4qmT==', extensions: { traceId: '12 3' } }))
  assert.equal(String(await exchange.start()), 'n,,\x01auth=Bearer vF9dft4qmT==\x01traceId=12 3\x01\x01')
  assert.equal(exchange.next(Buffer.alloc(0)), null)
  assert.equal(String(await new OAuthBearer(() => 'abc').start()), 'n,,\x01auth=Bearer abc\x01\x01')
})

test('a refusal is read, acknowledged, and final', () => {
  const exchange = new OAuthBearer(() => 'abc')
  assert.deepEqual(exchange.next(Buffer.from('{"status":"invalid_token"}')), Buffer.of(1))
  assert.equal(exchange.refusal, '{"status":"invalid_token"}')
  assert.throws(() => exchange.next(Buffer.alloc(0)), /refuses the token: {"status":"invalid_token"}/)
})

test('what would break out of its field is refused, without the token in the message', async () => {
  for (const value of ['a b', 'secret\x01auth=Bearer other', '', 'a,b']) {
    await assert.rejects(new OAuthBearer(() => value).start(), (error: Error) => {
      assert.match(error.message, /no bearer token/)
      return !error.message.includes('secret')
    })
  }
  for (const extensions of [{ auth: 'x' }, { 'a-b': 'x' }, { a: 'x\x01y' }, { a: '' }]) {
    await assert.rejects(new OAuthBearer(() => ({ value: 'abc', extensions })).start(), /extension/)
  }
})

test('a callback that gives no token is told so', async () => {
  for (const given of [undefined, {}, { value: undefined }]) {
    await assert.rejects(
      new OAuthBearer(() => given as never).start(),
      /the token is (undefined|object), expected text/,
    )
  }
})
