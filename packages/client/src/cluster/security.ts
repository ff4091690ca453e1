import type { ConnectionOptions as TlsOptions } from 'node:tls'
import type { SaslOptions } from '@millrace/connection'
import { checkSaslOptions, checkTlsOptions } from '@millrace/connection'
import type { ClientOptions, SecurityProtocol } from '../client-options.ts'

/** How connections are made safe. */
export interface Security {
  readonly tls: boolean | TlsOptions
  readonly sasl: SaslOptions | undefined
}

/** `tls` and `sasl` as `securityProtocol` says. Throws where they contradict each other. */
export function securityOf(options: Pick<ClientOptions, 'securityProtocol' | 'tls' | 'sasl'>): Security {
  const { tls, sasl, securityProtocol: protocol = protocolOf(options) } = options
  if (!protocols.includes(protocol)) {
    throw new RangeError(`securityProtocol is '${protocol}', expected ${protocols.join(', ')}`)
  }
  const [wantsTls, wantsSasl] = [protocol.endsWith('SSL'), protocol.startsWith('SASL')]
  const hasTls = tls === undefined ? wantsTls : tls !== false
  if (wantsTls !== hasTls) {
    throw new RangeError(`securityProtocol is ${protocol}, but tls is ${tls === false ? 'false' : 'given'}`)
  }
  if (wantsSasl !== (sasl !== undefined)) {
    throw new RangeError(`securityProtocol is ${protocol}, but sasl is ${wantsSasl ? 'missing' : 'given'}`)
  }
  if (typeof tls === 'object') checkTlsOptions(tls)
  if (sasl !== undefined) checkSaslOptions(sasl)
  return { tls: tls ?? wantsTls, sasl }
}

const protocols: readonly SecurityProtocol[] = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL']

function protocolOf({ tls, sasl }: Pick<ClientOptions, 'tls' | 'sasl'>): SecurityProtocol {
  const transport = tls === undefined || tls === false ? 'PLAINTEXT' : 'SSL'
  return sasl === undefined ? transport : `SASL_${transport}`
}

/** Whether a password goes over the wire for all to read. */
export const tellsPassword = ({ tls, sasl }: Security): boolean => tls === false && sasl?.mechanism === 'PLAIN'
