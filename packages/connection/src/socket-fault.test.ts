import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AuthenticationError, ConnectionClosedError } from './broker-error.ts'
import { socketFault } from './socket-fault.ts'

const fault = (code: string, message = 'said', more = {}) =>
  socketFault(Object.assign(new Error(message), { code, ...more }), { address: 'b:9093' })

test('what is wrong with TLS is told apart, and what to do about it', () => {
  const advices: Record<string, RegExp> = {
    CERT_HAS_EXPIRED: /renew the broker's certificate/,
    CERT_NOT_YET_VALID: /clocks/,
    ERR_TLS_CERT_ALTNAME_INVALID: /a name that the certificate holds/,
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: /the CA that signed/,
    ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: /a certificate and key that the broker takes/,
    ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: /a version that the broker takes/,
    ERR_SSL_UNSUPPORTED_PROTOCOL: /a version that the broker takes/,
    ERR_SSL_WRONG_VERSION_NUMBER: /leave tls out/,
  }
  for (const [code, advice] of Object.entries(advices)) {
    const error = fault(code)
    assert.ok(error instanceof AuthenticationError, code)
    assert.match(error.advice, advice, code)
    assert.equal(error.retriable, false)
  }
  assert.ok(fault('ECONNRESET') instanceof ConnectionClosedError)
})

test("of a line of OpenSSL's source only the reason is said", () => {
  const line =
    '40537636C57F0000:error:0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert:rec_layer_s3.c:918:SSL alert 116\n'
  const { message } = fault('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', line, {
    reason: 'tlsv13 alert certificate required',
  })
  assert.equal(message, 'NETWORK_EXCEPTION: TLS: tlsv13 alert certificate required (b:9093)')
})
