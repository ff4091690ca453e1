export { KafkaError } from '@millrace/protocol'
export { startBroker } from './broker.ts'
export type { Broker, SettingText, StartBrokerOptions } from './broker.ts'
export type { Interceptor, InterceptedRequest } from './dispatch/intercept.ts'
