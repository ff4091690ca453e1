import { AuthenticationError, type BrokerError, ConnectionClosedError, type ErrorSource } from './broker-error.ts'

/** Codes of Node and OpenSSL that say that a certificate isn't what one side wants. */
const untrusted = /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_CERT_|HOSTNAME_MISMATCH|INVALID_CA|PATH_LENGTH_)/
const versions = /^ERR_SSL_.*(PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL)$/
const alert = /^ERR_SSL_.*ALERT/
const notTls = /^(EPROTO|ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG)/

/** What a socket's error says to whoever set the client up. */
export function socketFault(error: NodeJS.ErrnoException, source: ErrorSource): BrokerError {
  const code = error.code ?? ''
  const advice = adviceOf(code)
  if (advice === undefined) return new ConnectionClosedError(messageOf(error), source, { cause: error })
  // The same certificates fail in the same way until somebody changes them.
  const options = { cause: error, advice, retriable: false }
  return new AuthenticationError('NETWORK_EXCEPTION', `TLS: ${messageOf(error)}`, source, options)
}

function adviceOf(code: string): string | undefined {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'connect by a name that the certificate holds'
  if (code === 'CERT_HAS_EXPIRED') return "renew the broker's certificate"
  if (code === 'CERT_NOT_YET_VALID')
    return "the broker's certificate isn't valid yet: look at the clocks of both machines"
  if (untrusted.test(code)) return "give tls the CA that signed the broker's certificate (tls: { ca })"
  if (versions.test(code)) return 'let tls speak a version that the broker takes (tls: { minVersion, maxVersion })'
  if (alert.test(code)) return 'give tls a certificate and key that the broker takes (tls: { cert, key })'
  if (notTls.test(code)) return "leave tls out, or connect to the broker's TLS listener"
  return undefined
}

// Of several addresses of a name that all failed, Node has the messages inside; OpenSSL's are a line of its source.
function messageOf(error: NodeJS.ErrnoException): string {
  if (error instanceof AggregateError) return error.errors.map((each) => (each as Error).message).join(', ')
  const isOpenSsl = 'reason' in error && typeof error.reason === 'string' && error.code?.startsWith('ERR_SSL_') === true
  return isOpenSsl ? String(error.reason) : error.message
}
