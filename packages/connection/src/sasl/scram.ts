import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { SaslExchange, Secret } from './exchange.ts'
import { secretOf } from './exchange.ts'

const derive = promisify(pbkdf2)

export type ScramHash = 'sha256' | 'sha512'

// Fewer make a stolen exchange cheap to guess from (Kafka's own floor); more only burn our time.
const iterationsMin = 4_096
const iterationsMax = 1_000_000
const keyBytes = { sha256: 32, sha512: 64 } as const

export interface ScramOptions {
  readonly hash: ScramHash
  readonly username: string
  readonly password: Secret
  /** The user is the id of a delegation token and the password its HMAC. */
  readonly tokenAuth?: boolean | undefined
  /** For tests; random where not given. */
  readonly nonce?: string
  /** For the RFCs' own examples, which know no floor. */
  readonly iterationsMin?: number
}

/** SCRAM (RFC 5802, RFC 7677) without channel binding, which Kafka doesn't have. The password never leaves us. */
export class Scram implements SaslExchange {
  readonly #options: ScramOptions
  readonly #nonce: string
  readonly #firstBare: string
  #password = ''
  #serverSignature: Buffer | undefined

  constructor(options: ScramOptions) {
    this.#options = options
    this.#nonce = options.nonce ?? randomBytes(24).toString('base64')
    const extension = options.tokenAuth === true ? ',tokenauth=true' : ''
    this.#firstBare = `n=${saslName(options.username)},r=${this.#nonce}${extension}`
  }

  async start(): Promise<Uint8Array> {
    this.#password = await secretOf(this.#options.password)
    return Buffer.from(`n,,${this.#firstBare}`)
  }

  async next(message: Uint8Array): Promise<Uint8Array | null> {
    const text = Buffer.from(message).toString()
    if (this.#serverSignature === undefined) return this.#finalMessage(text)
    this.#verify(text, this.#serverSignature)
    return null
  }

  async #finalMessage(serverFirst: string): Promise<Uint8Array> {
    const { nonce, salt, iterations } = this.#challengeOf(serverFirst)
    const { hash } = this.#options
    const salted = await derive(this.#password, salt, iterations, keyBytes[hash], hash)
    const withoutProof = `c=biws,r=${nonce}`
    const signed = `${this.#firstBare},${serverFirst},${withoutProof}`
    const clientKey = hmac(hash, salted, 'Client Key')
    const clientSignature = hmac(hash, createHash(hash).update(clientKey).digest(), signed)
    const proof = clientKey.map((byte, i) => byte ^ (clientSignature[i] ?? 0))
    this.#serverSignature = hmac(hash, hmac(hash, salted, 'Server Key'), signed)
    return Buffer.from(`${withoutProof},p=${Buffer.from(proof).toString('base64')}`)
  }

  #challengeOf(text: string): { nonce: string; salt: Buffer; iterations: number } {
    // An extension that must be understood (m=) stands first, and isn't.
    const match = /^r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9+/]+={0,2}),i=(\d{1,9})(?:,|$)/.exec(text)
    if (match === null) throw new Error(`not a SCRAM challenge: got '${text.slice(0, 80)}'`)
    const [, nonce = '', salt = '', count = ''] = match
    if (!nonce.startsWith(this.#nonce) || nonce.length === this.#nonce.length) {
      throw new Error("the broker's nonce isn't a continuation of ours: it may replay another conversation")
    }
    const iterations = Number(count)
    const least = this.#options.iterationsMin ?? iterationsMin
    if (iterations < least || iterations > iterationsMax) {
      throw new Error(`the broker asks for ${iterations} iterations, expected ${least} to ${iterationsMax}`)
    }
    return { nonce, salt: Buffer.from(salt, 'base64'), iterations }
  }

  #verify(serverFinal: string, expected: Buffer): void {
    const refused = /^e=([^,]*)/.exec(serverFinal)?.[1]
    if (refused !== undefined) throw new Error(`the broker refuses: ${refused}`)
    const signature = Buffer.from(/^v=([A-Za-z0-9+/]+={0,2})(?:,|$)/.exec(serverFinal)?.[1] ?? '', 'base64')
    if (signature.length === expected.length && timingSafeEqual(signature, expected)) return
    throw new Error("the broker's signature is wrong: it doesn't know this user's password, and may be somebody else")
  }
}

const hmac = (hash: ScramHash, key: Uint8Array, text: string): Buffer => createHmac(hash, key).update(text).digest()

// Kafka takes names as they are, without SASLprep.
const saslName = (name: string): string => name.replaceAll('=', '=3D').replaceAll(',', '=2C')
