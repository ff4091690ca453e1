import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Scram } from './scram.ts'

// RFC 7677, 3.
const nonce = 'rOprNGfwEbeRWgbNEkqO'
const serverNonce = `${nonce}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0`
const challenge = `r=${serverNonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`
const signature = 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='
const exchange = (given = {}): Scram =>
  new Scram({ hash: 'sha256', username: 'user', password: 'pencil', nonce, ...given })
const started = async (given = {}): Promise<Scram> => {
  const scram = exchange(given)
  await scram.start()
  return scram
}

test('the conversation of RFC 7677 is held word by word', async () => {
  const scram = exchange()
  assert.equal(String(await scram.start()), `n,,n=user,r=${nonce}`)
  assert.equal(
    String(await scram.next(Buffer.from(challenge))),
    `c=biws,r=${serverNonce},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`,
  )
  assert.equal(await scram.next(Buffer.from(signature)), null)
})

// Same user, password, nonces and salt, worked out with Python's hashlib.
test('SHA-512 is the same with another hash', async () => {
  const scram = await started({ hash: 'sha512' })
  const final = String(await scram.next(Buffer.from(challenge)))
  assert.equal(
    final.slice(final.indexOf('p=')),
    'p=gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN8PPC6wdp6dybEmDYXYTxwnYPJQ==',
  )
  assert.equal(
    await scram.next(
      Buffer.from('v=ZQnYEgWQMFmmsM8aQMF0nDDCy/AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVGT4+5ZxXnJq199RVG2rR7N7Zw=='),
    ),
    null,
  )
})

test('a broker that does not know the password is not taken for the right one', async () => {
  for (const wrong of ['v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=', 'v=', '', 'v=AAAA', 'ok']) {
    const scram = await started()
    await scram.next(Buffer.from(challenge))
    await assert.rejects(scram.next(Buffer.from(wrong)), /signature is wrong/)
  }
})

test('a refusal is said as the broker says it', async () => {
  const scram = await started()
  await scram.next(Buffer.from(challenge))
  await assert.rejects(scram.next(Buffer.from('e=unknown-user')), /refuses: unknown-user/)
})

test('a nonce that does not go on from ours, and one that adds nothing, are refused', async () => {
  for (const other of ['somethingElse', nonce]) {
    await assert.rejects(exchange().next(Buffer.from(`r=${other},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`)), /nonce/)
  }
})

test('iterations are bounded on both sides before any is done', async () => {
  for (const [count, message] of [
    [4_095, /4095 iterations, expected 4096/],
    [1_000_001, /1000001 iterations/],
    [999_999_999, /iterations/],
    ['99999999999', /not a SCRAM challenge/],
    ['-1', /not a SCRAM challenge/],
  ] as const) {
    const text = `r=${serverNonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=${count}`
    await assert.rejects(exchange().next(Buffer.from(text)), message)
  }
})

test('a challenge that is none, or holds an extension that must be understood, is refused', async () => {
  for (const text of ['', 'hello', `m=x,${challenge}`, `r=${serverNonce},i=4096`, `r=${serverNonce},s=!,i=4096`]) {
    await assert.rejects(exchange().next(Buffer.from(text)), /not a SCRAM challenge/)
  }
})

test('a name keeps its commas and equals signs, and a delegation token is said to be one', async () => {
  assert.equal(String(await exchange({ username: 'a=b,c' }).start()), `n,,n=a=3Db=2Cc,r=${nonce}`)
  assert.equal(String(await exchange({ tokenAuth: true }).start()), `n,,n=user,r=${nonce},tokenauth=true`)
})
