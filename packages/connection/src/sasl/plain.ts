import type { SaslExchange, Secret } from './exchange.ts'
import { secretOf } from './exchange.ts'

/** PLAIN (RFC 4616): name and password as they are, so that it is fit for TLS only. */
export const plain = (username: string, password: Secret): SaslExchange => ({
  async start() {
    const text = await secretOf(password)
    if (`${username}${text}`.includes('\0')) throw new RangeError('a user name or password holds a NUL')
    return Buffer.from(`\0${username}\0${text}`)
  },
  next: () => null,
})
