import type { SaslExchange, Secret } from './exchange.ts'
import { OAuthBearer, type OAuthTokenProvider } from './oauth-bearer.ts'
import { plain } from './plain.ts'
import { Scram, type ScramHash } from './scram.ts'

/** Who we are to the brokers: `sasl.mechanism` and what Kafka has in `sasl.jaas.config`. */
export type SaslOptions =
  | {
      readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
      readonly username: string
      readonly password: Secret
      /** With SCRAM: the user is the id of a delegation token and the password its HMAC; default false. */
      readonly tokenAuth?: boolean
    }
  | { readonly mechanism: 'OAUTHBEARER'; readonly token: OAuthTokenProvider }
  | CustomSaslOptions

/** Any other mechanism: one exchange is made for each authentication. */
export interface CustomSaslOptions {
  readonly mechanism: 'GSSAPI' | 'AWS_MSK_IAM' | (string & {})
  readonly exchange: (broker: { readonly host: string; readonly port: number }) => SaslExchange
}

const scramHashes: ReadonlyMap<string, ScramHash> = new Map([
  ['SCRAM-SHA-256', 'sha256'],
  ['SCRAM-SHA-512', 'sha512'],
])

/** Throws a RangeError where the options are no way to authenticate. */
export function checkSaslOptions(options: SaslOptions): void {
  if ('exchange' in options) return
  if ('token' in options) checkType('token', options.token, ['function'])
  else {
    checkType('username', options.username, ['string'])
    checkType('password', options.password, ['string', 'function'])
  }
  exchangeOf(options, { host: '', port: 0 })
}

function checkType(name: string, given: unknown, types: readonly string[]): void {
  if (types.includes(typeof given)) return
  throw new RangeError(`sasl.${name} is ${typeof given}, expected a ${types.join(' or a ')}`)
}

export function exchangeOf(options: SaslOptions, broker: { host: string; port: number }): SaslExchange {
  if ('exchange' in options) return options.exchange(broker)
  if ('token' in options) return new OAuthBearer(options.token)
  if (options.mechanism === 'PLAIN') return plain(options.username, options.password)
  const hash = scramHashes.get(options.mechanism)
  if (hash === undefined) {
    const ours = 'PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER, or one with an exchange of its own'
    throw new RangeError(`sasl.mechanism is '${options.mechanism}', expected ${ours}`)
  }
  const tokenAuth = 'tokenAuth' in options ? options.tokenAuth : undefined
  return new Scram({ hash, username: options.username, password: options.password, tokenAuth })
}
