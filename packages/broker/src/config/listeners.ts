import { ConfigError } from './definition.ts'
import type { BrokerSettings } from './settings.ts'

export interface Endpoint {
  /** Name of the listener, in capitals as Kafka has it. */
  readonly listener: string
  /** Empty: every address of the machine, IPv4 and IPv6. */
  readonly host: string
  /** 0: a free one. */
  readonly port: number
}

type SecurityProtocol = 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL'

export interface ListenerSettings extends Endpoint {
  readonly protocol: SecurityProtocol
  /** What clients are told; null: the address that each of them connected to. */
  readonly advertised: { readonly host: string; readonly port: number } | null
}

/** The listeners to open, checked together; throws ConfigError. */
export function listenerSettings(settings: BrokerSettings): readonly ListenerSettings[] {
  const controllerNames = (settings.list('controller.listener.names') ?? []).map((name) => name.toUpperCase())
  const isOpened = ({ listener }: Endpoint): boolean => !controllerNames.includes(listener)
  const endpoints = (settings.list('listeners') ?? []).map((text) => parseEndpoint('listeners', text)).filter(isOpened)
  if (endpoints.length === 0)
    throw new ConfigError('listeners must hold at least one that is not a controller listener')
  checkDistinct(endpoints)
  const advertised = advertisedEndpoints(settings, endpoints, isOpened)
  const protocols = protocolMap(settings)
  return endpoints.map((endpoint) => ({
    ...endpoint,
    protocol: protocolOf(endpoint.listener, protocols),
    advertised: advertised.find(({ listener }) => listener === endpoint.listener) ?? null,
  }))
}

/** Parses `NAME://host:port`; an IPv6 address stands in brackets. */
export function parseEndpoint(setting: string, text: string): Endpoint {
  const match = /^([^:/]+):\/\/(?:\[([0-9a-fA-F:.%\w]*)\]|([^[\]:/]*)):(\d+)$/.exec(text)
  const port = Number(match?.[4])
  if (match === null || port > 65_535) {
    throw new ConfigError(`Invalid value ${text} for configuration ${setting}: expected NAME://host:port`)
  }
  return { listener: (match[1] ?? '').toUpperCase(), host: match[2] ?? match[3] ?? '', port }
}

/** Where the HTTP side listens: `host:port`, `:port` or the same after `http://`. */
export function httpEndpoints(settings: BrokerSettings): readonly Endpoint[] {
  return (settings.list('http.listeners') ?? []).map((text) => {
    const bare = text.replace(/^https?:\/\//i, '').replace(/\/$/, '')
    return parseEndpoint('http.listeners', `HTTP://${bare}`)
  })
}

/** How a host and port are written together. */
export const hostPort = (host: string, port: number): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

function advertisedEndpoints(
  settings: BrokerSettings,
  opened: readonly Endpoint[],
  isOpened: (endpoint: Endpoint) => boolean,
): readonly Endpoint[] {
  const endpoints = (settings.list('advertised.listeners') ?? []).map((text) =>
    parseEndpoint('advertised.listeners', text),
  )
  for (const { listener, host } of endpoints.filter(isOpened)) {
    if (host === '0.0.0.0') {
      throw new ConfigError(
        'advertised.listeners cannot use the nonroutable meta-address 0.0.0.0. Use a routable IP address.',
      )
    }
    if (host === '') throw new ConfigError(`advertised.listeners needs a host for ${listener}`)
    if (!opened.some((endpoint) => endpoint.listener === listener)) {
      throw new ConfigError(`advertised.listeners names ${listener}, which is not one of listeners`)
    }
  }
  return endpoints
}

function checkDistinct(endpoints: readonly Endpoint[]): void {
  const names = new Set(endpoints.map(({ listener }) => listener))
  if (names.size !== endpoints.length) throw new ConfigError('Each listener must have a different name: listeners')
  for (const [index, { port, host }] of endpoints.entries()) {
    const same = endpoints.slice(index + 1).find((other) => other.port === port && port !== 0)
    if (same === undefined || (isIpv4(host) !== isIpv4(same.host) && host !== '' && same.host !== '')) continue
    throw new ConfigError(
      `Each listener must have a different port unless one has an IPv4 and the other an IPv6 address: port ${port}`,
    )
  }
}

const isIpv4 = (host: string): boolean => /^\d+\.\d+\.\d+\.\d+$/.test(host)

function protocolMap(settings: BrokerSettings): ReadonlyMap<string, string> {
  const pairs = (settings.text('listener.security.protocol.map') ?? '').split(',').map((pair) => pair.trim())
  return new Map(
    pairs
      .filter((pair) => pair !== '')
      .map((pair) => {
        const [name = '', protocol = ''] = pair.split(':')
        return [name.trim().toUpperCase(), protocol.trim().toUpperCase()]
      }),
  )
}

function protocolOf(listener: string, protocols: ReadonlyMap<string, string>): SecurityProtocol {
  const protocol = protocols.get(listener)
  if (protocol === undefined) {
    throw new ConfigError(`No security protocol defined for listener ${listener}: listener.security.protocol.map`)
  }
  if (protocol !== 'PLAINTEXT' && protocol !== 'SSL' && protocol !== 'SASL_PLAINTEXT' && protocol !== 'SASL_SSL') {
    throw new ConfigError(
      `Invalid security protocol ${protocol} of listener ${listener}: listener.security.protocol.map`,
    )
  }
  if (protocol !== 'PLAINTEXT') {
    throw new ConfigError(`Listener ${listener} asks for ${protocol}, which Millrace doesn't offer yet: only PLAINTEXT`)
  }
  return protocol
}
