export { Admin } from './admin/admin.ts'
export { Consumer } from './consumer/consumer.ts'
export { Producer } from './producer/producer.ts'
export { SendError } from './producer/send-error.ts'
export {
  AuthenticationError,
  AuthorizationError,
  BadResponseError,
  BrokerError,
  ConnectionClosedError,
  RequestTimeoutError,
  UnsupportedApiError,
} from '@millrace/connection'
export type {
  ConnectContext,
  CustomSaslOptions,
  OAuthToken,
  OAuthTokenProvider,
  RequestContext,
  SaslExchange,
  SaslOptions,
  Secret,
} from '@millrace/connection'
export { KafkaError } from '@millrace/protocol'
export type { ErrorName } from '@millrace/protocol'
export * from './consumer/consumer-errors.ts'
export * from './errors/client-errors.ts'
export type * from './admin/admin-api.ts'
export { valueOf, valuesOf } from './admin/outcome.ts'
export type { AdminCallOptions } from './admin/call.ts'
export type { AclOperation } from './admin/names.ts'
export type * from './admin/cluster-api.ts'
export type * from './admin/configs-api.ts'
export type * from './admin/groups-api.ts'
export type * from './admin/offsets-api.ts'
export type * from './admin/outcome-types.ts'
export type * from './admin/replicas-api.ts'
export type * from './admin/security-api.ts'
export type * from './admin/topics-api.ts'
export type * from './admin/transactions-api.ts'
export type * from './client-options.ts'
export type { ClientMetrics, ConnectionMetrics } from './cluster/client-metrics.ts'
export type * from './consumer/consumer-api.ts'
export type { ConsumerMetrics } from './consumer/consumer-metrics.ts'
export type { OnDeserializationError } from './consumer/reading/deserialized.ts'
export type * from './producer/producer-api.ts'
export type { ProducerMetrics } from './producer/producer-metrics.ts'
export type * from './record.ts'
export { serde } from './serde/built-in.ts'
export { SchemaError, SerializationError } from './serde/serialization-error.ts'
export type * from './serde/serde.ts'
export type * from './serde/standard-schema.ts'
export type * from './serde/topic-types.ts'
export type { OpenTelemetryApi, TracingOptions } from './telemetry/open-telemetry-api.ts'
