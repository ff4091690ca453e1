import type { Clock } from '@millrace/kernel'
import { errorMessage } from '@millrace/kernel'
import { errorName, saslAuthenticateApi, saslHandshakeApi } from '@millrace/protocol'
import type { SaslAuthenticateResponse, SaslHandshakeResponse } from '@millrace/protocol'
import { AuthenticationError, type BrokerError, type ErrorSource, responseError } from '../broker-error.ts'
import { exchangeOf, type SaslOptions } from './sasl-options.ts'

/** What a conversation needs of its connection. */
export interface SaslWire {
  readonly host: string
  readonly port: number
  readonly address: string
  readonly clock: Clock
  /** How long the callbacks of the program may take. */
  readonly timeoutMs: number
  /** Set when the connection is closed: nobody waits for them any more then. */
  readonly closed: AbortSignal
  handshake(mechanism: string): Promise<SaslHandshakeResponse>
  authenticate(authBytes: Uint8Array): Promise<SaslAuthenticateResponse>
}

// SCRAM needs two; a broker that asks on and on is cut off.
const roundsMax = 10

/** Authenticates, and resolves with how long that holds in ms: 0 where it has no end. */
export async function authenticate(wire: SaslWire, sasl: SaslOptions): Promise<number> {
  const exchange = exchangeOf(sasl, wire)
  checkHandshake(await wire.handshake(sasl.mechanism), sasl.mechanism, wire.address)
  const source = { address: wire.address, api: saslAuthenticateApi.name }
  // A token is fetched by the program, which may fail now and not later; what is wrong in the conversation stays so.
  let message = await ours(wire, () => exchange.start(), source, true)
  for (let round = 0; round < roundsMax; round += 1) {
    const answer = await wire.authenticate(message)
    if (answer.errorCode !== 0) throw refused(answer, exchange, source)
    const next = await ours(wire, () => exchange.next(answer.authBytes), source, false)
    if (next === null) return answer.sessionLifetimeMs
    message = next
  }
  throw new AuthenticationError('SASL_AUTHENTICATION_FAILED', `no end after ${roundsMax} messages`, source)
}

function checkHandshake(response: SaslHandshakeResponse, mechanism: string, address: string): void {
  if (response.errorCode === 0) return
  const source = { address, api: saslHandshakeApi.name }
  const error = errorName(response.errorCode)
  if (error === 'UNSUPPORTED_SASL_MECHANISM') {
    const theirs = response.mechanisms.slice(0, 20).join(', ')
    const options = { advice: `set sasl.mechanism to one of the listener's: ${theirs}` }
    throw new AuthenticationError(error, `the broker takes ${theirs}, and not ${mechanism}`, source, options)
  }
  if (error === 'ILLEGAL_SASL_STATE') throw notSasl(source)
  throw responseError(response.errorCode, null, source)
}

/** The listener is one that asks nobody for a name. */
export const notSasl = (source: ErrorSource): AuthenticationError =>
  new AuthenticationError('ILLEGAL_SASL_STATE', 'the listener of the broker has no SASL', source, {
    advice: "leave sasl out, or connect to the broker's SASL listener",
  })

function refused(answer: SaslAuthenticateResponse, exchange: object, source: ErrorSource): BrokerError {
  const why = 'refusal' in exchange && typeof exchange.refusal === 'string' ? ` (${exchange.refusal})` : ''
  return responseError(answer.errorCode, `${answer.errorMessage ?? 'the broker does not say why'}${why}`, source)
}

async function ours<T>(
  { clock, timeoutMs, closed }: SaslWire,
  work: () => T | Promise<T>,
  source: ErrorSource,
  retriable: boolean,
): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = clock.setTimer(timeoutMs, () => late.reject(new Error(`no secret within ${timeoutMs} ms`)))
  const onClose = (): void => late.reject(closed.reason)
  closed.addEventListener('abort', onClose)
  try {
    return await Promise.race([work(), late.promise])
  } catch (error) {
    closed.throwIfAborted()
    const options = { cause: error, retriable: retriable && !(error instanceof RangeError) }
    throw new AuthenticationError('SASL_AUTHENTICATION_FAILED', errorMessage(error), source, options)
  } finally {
    timer.cancel()
    closed.removeEventListener('abort', onClose)
  }
}
