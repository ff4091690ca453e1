export type { BrokerVersions, VersionRange } from './api-versions.ts'
export type { ErrorSource } from './broker-error.ts'
export {
  AuthenticationError,
  AuthorizationError,
  BadResponseError,
  BrokerError,
  ConnectionClosedError,
  RequestTimeoutError,
  responseError,
  UnsupportedApiError,
} from './broker-error.ts'
export type { BodyFor, ConnectionOptions, RequestOptions } from './connection.ts'
export { Connection } from './connection.ts'
export type { ConnectContext, RequestContext } from './diagnostics.ts'
export { systemClock } from './host-clock.ts'
export type { SaslExchange, Secret } from './sasl/exchange.ts'
export type { OAuthToken, OAuthTokenProvider } from './sasl/oauth-bearer.ts'
export type { CustomSaslOptions, SaslOptions } from './sasl/sasl-options.ts'
export { checkSaslOptions } from './sasl/sasl-options.ts'
export { addressOf } from './socket.ts'
export { checkTlsOptions } from './tls-context.ts'
export { Traffic } from './traffic.ts'
