import { createSecureContext, type ConnectionOptions as TlsOptions, type SecureContext } from 'node:tls'
import { errorMessage } from '@millrace/kernel'

// Reading certificates and keys takes milliseconds: once for all connections of a client.
const contexts = new WeakMap<TlsOptions, SecureContext>()

export function contextOf(tls: TlsOptions): SecureContext {
  const known = tls.secureContext ?? contexts.get(tls)
  if (known !== undefined) return known
  const made = createSecureContext(tls)
  contexts.set(tls, made)
  return made
}

/** Throws a RangeError where the options are no way to connect: a key that is none, or that isn't the certificate's. */
export function checkTlsOptions(tls: TlsOptions): void {
  try {
    contextOf(tls)
  } catch (error) {
    throw new RangeError(`tls can't be used: ${errorMessage(error)}`, { cause: error })
  }
}
