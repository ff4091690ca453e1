import { KafkaError } from '@millrace/protocol'

/** Whether a consumer reads only what is committed. Throws for a level that is none, with the error that Kafka answers. */
export function isReadCommitted(isolationLevel: number): boolean {
  if (isolationLevel === 0 || isolationLevel === 1) return isolationLevel === 1
  throw new KafkaError('UNKNOWN_SERVER_ERROR', `isolation level ${isolationLevel}, expected 0 or 1`)
}
