import type { SaslExchange } from './exchange.ts'

/** A token of OAuth, and what goes with it. */
export interface OAuthToken {
  /** The token as it goes into an `Authorization: Bearer` header. */
  readonly value: string
  /** SASL extensions (KIP-342): names of letters, values of printable ASCII. */
  readonly extensions?: Readonly<Record<string, string>>
}

/** Called at every authentication, so it should keep a token for as long as that holds. */
export type OAuthTokenProvider = () => string | OAuthToken | Promise<string | OAuthToken>

const goOn = Buffer.of(1)

/** OAUTHBEARER (RFC 7628, KIP-255). */
export class OAuthBearer implements SaslExchange {
  readonly #token: OAuthTokenProvider
  #refused: string | undefined

  constructor(token: OAuthTokenProvider) {
    this.#token = token
  }

  async start(): Promise<Uint8Array> {
    const given = await this.#token()
    const token = typeof given === 'string' ? { value: given } : given
    if (typeof (token as OAuthToken | undefined)?.value !== 'string') {
      throw new RangeError(`the token is ${typeof given}, expected text or { value }`)
    }
    // RFC 6750's b64token; the token itself must not get into an error.
    if (!/^[A-Za-z0-9\-._~+/]+=*$/.test(token.value)) throw new RangeError('the token is no bearer token (RFC 6750)')
    const pairs = Object.entries(token.extensions ?? {}).map(extension)
    return Buffer.from(['n,,', `auth=Bearer ${token.value}`, ...pairs, '', ''].join('\x01'))
  }

  // A broker that refuses says why, and ends the conversation once we have said that we read it.
  next(message: Uint8Array): Uint8Array | null {
    if (this.#refused !== undefined) throw new Error(`the broker refuses the token: ${this.#refused}`)
    if (message.length === 0) return null
    this.#refused = Buffer.from(message.subarray(0, 500)).toString()
    return goOn
  }

  /** What the broker said of the token, before the error that ends the conversation. */
  get refusal(): string | undefined {
    return this.#refused
  }
}

function extension([name, value]: readonly [string, string]): string {
  if (!/^[A-Za-z]+$/.test(name) || name === 'auth')
    throw new RangeError(`not a name of a SASL extension: got '${name}'`)
  if (/^[\x21-\x7e \t\r\n]+$/.test(value)) return `${name}=${value}`
  throw new RangeError(`the value of the SASL extension '${name}' isn't printable ASCII`)
}
