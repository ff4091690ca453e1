import type { Row } from './definition.ts'

/** Every setting of a client metrics subscription in Apache Kafka 4.3. */
export const clientMetricsTable = [
  ['interval.ms', 'INT', '300000', ''],
  ['match', 'LIST', '', ''],
  ['metrics', 'LIST', '', ''],
] as const satisfies readonly Row[]
