export type SettingType = 'BOOLEAN' | 'STRING' | 'INT' | 'SHORT' | 'LONG' | 'DOUBLE' | 'LIST' | 'CLASS' | 'PASSWORD'

/** When a broker setting may change: only with a restart, for one broker at a time, or for all brokers at once. */
export type UpdateMode = 'read-only' | 'per-broker' | 'cluster-wide'

/** A line of a table: `valid` is Kafka's own notation, such as `[0,...]`; a default of null is none. */
export type Row = readonly [name: string, type: SettingType, defaultText: string | null, valid: string]
export type BrokerRow = readonly [...Row, update: UpdateMode]
export type TopicRow = readonly [...Row, brokerSynonyms: readonly string[]]
/** A setting that is Millrace's own. */
export type OwnRow = readonly [...BrokerRow, documentation: string]

export interface Definition {
  readonly name: string
  readonly type: SettingType
  readonly defaultText: string | null
  readonly valid: string
  /** Null where we don't support the setting yet: what is documented is what acts. */
  readonly documentation: string | null
}

export interface BrokerDefinition extends Definition {
  readonly update: UpdateMode
}

export interface TopicDefinition extends Definition {
  /** Broker settings that the default comes from, in order of precedence (`log.retention.ms`, `…minutes`, `…hours`). */
  readonly brokerSynonyms: readonly string[]
}

/** Secrets never leave the broker: not in DescribeConfigs, not in the log. */
export const isSensitive = (definition: Definition): boolean => definition.type === 'PASSWORD'

/** A bad name or value of a setting. The message is the one that Kafka's tools show. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

export const invalidValue = (name: string, value: unknown, reason: string): ConfigError =>
  new ConfigError(`Invalid value ${String(value)} for configuration ${name}: ${reason}`)
