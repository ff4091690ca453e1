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
export { systemClock } from './host-clock.ts'
export { addressOf } from './socket.ts'
