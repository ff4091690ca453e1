import type { ErrorName, KafkaError } from '@millrace/protocol'

/** Errors that pass here though Kafka doesn't call them so: what is known of the cluster is out of date. */
const passHere = new Set<ErrorName>(['UNKNOWN_TOPIC_ID', 'INCONSISTENT_TOPIC_ID', 'BROKER_NOT_AVAILABLE'])

/** Whether sending the batch again may help. */
export const mayPass = (error: KafkaError): boolean => error.retriable || passHere.has(error.error)

/** After these the topic's metadata is asked for again before the retry. */
export const staleMetadataErrors = new Set<ErrorName>([
  'NOT_LEADER_OR_FOLLOWER',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'UNKNOWN_TOPIC_ID',
  'INCONSISTENT_TOPIC_ID',
  'LEADER_NOT_AVAILABLE',
  'REPLICA_NOT_AVAILABLE',
  'KAFKA_STORAGE_ERROR',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'NETWORK_EXCEPTION',
  'REQUEST_TIMED_OUT',
])

/** After these nobody knows whether the broker wrote the batch. */
export const unknownOutcomeErrors = new Set<ErrorName>([
  'NETWORK_EXCEPTION',
  'REQUEST_TIMED_OUT',
  'CORRUPT_MESSAGE',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'KAFKA_STORAGE_ERROR',
  'UNKNOWN_SERVER_ERROR',
])
