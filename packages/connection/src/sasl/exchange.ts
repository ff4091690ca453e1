/** Our side of one SASL conversation. What it throws ends the connection as an authentication that failed. */
export interface SaslExchange {
  /** The first message to the broker. */
  start(): Uint8Array | Promise<Uint8Array>
  /** What to answer to a message of the broker; null when nothing is left to say, and the broker is who it should be. */
  next(message: Uint8Array): Uint8Array | null | Promise<Uint8Array | null>
}

/** A secret, or how to get the one of today: asked for at every authentication. */
export type Secret = string | (() => string | Promise<string>)

export async function secretOf(secret: Secret): Promise<string> {
  const text: unknown = typeof secret === 'function' ? await secret() : secret
  if (typeof text === 'string') return text
  // Written as text it would go out as a password.
  throw new RangeError(`the password is ${typeof text}, expected text`)
}
