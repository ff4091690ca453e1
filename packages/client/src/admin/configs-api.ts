import type { AdminCallOptions } from './call.ts'
import type { Outcomes } from './outcome-types.ts'
import type { ValidateOptions } from './topics-api.ts'

/** What may have settings. */
export type ConfigResourceType = 'topic' | 'broker' | 'group' | 'client-metrics' | 'broker-logger'

/** Who or what has settings. */
export interface ConfigResource {
  readonly type: ConfigResourceType
  /** Topic, group or client-metrics subscription; a broker's id as text; '' is the default of all brokers. */
  readonly name: string
}

/** Where a value comes from. */
export type ConfigSource =
  | 'topic'
  | 'dynamic-broker'
  | 'dynamic-default-broker'
  | 'static-broker'
  | 'default'
  | 'dynamic-broker-logger'
  | 'client-metrics'
  | 'group'
  | 'unknown'

/** A place that a value may come from. */
export interface ConfigSynonym {
  readonly name: string
  /** null where it is sensitive or has none. */
  readonly value: string | null
  readonly source: ConfigSource
}

/** A setting as the broker tells it. */
export interface ConfigEntry {
  readonly name: string
  /** null where it is sensitive or has none. */
  readonly value: string | null
  readonly source: ConfigSource
  readonly readOnly: boolean
  readonly sensitive: boolean
  /** boolean, string, int, short, long, double, list, class, password; 'unknown' on brokers older than 2.6. */
  readonly type: string
  /** null unless it was asked for. */
  readonly documentation: string | null
  /** Where the value would come from next, the one in force first; empty unless it was asked for. */
  readonly synonyms: readonly ConfigSynonym[]
}

/** A change of one setting: `delete` goes back to the default; `append` and `subtract` are for lists. */
export type ConfigChange = { readonly resource: ConfigResource; readonly name: string } & (
  | { readonly operation: 'set' | 'append' | 'subtract'; readonly value: string }
  | { readonly operation: 'delete'; readonly value?: undefined }
)

/** All settings that a resource shall have of its own. */
export interface ConfigReplacement {
  readonly resource: ConfigResource
  readonly configs: Readonly<Record<string, string>>
}

/** What to tell of settings. */
export interface DescribeConfigsOptions extends AdminCallOptions {
  /** Only these settings; default all. */
  readonly names?: readonly string[]
  /** Default false. */
  readonly includeSynonyms?: boolean
  /** Kafka's own words on each setting; from Kafka 2.6 on. Default false. */
  readonly includeDocumentation?: boolean
}

/** Settings of topics, brokers, groups, loggers and client-metrics subscriptions (KIP-714). */
export interface ConfigsApi {
  /**
   * The settings of one resource, which rejects with its error, or of several under `type:name`. A broker is asked for
   * its own, any broker for the rest.
   *
   * Fails with UNKNOWN_TOPIC_OR_PARTITION, INVALID_REQUEST (a type that the broker doesn't have),
   * TOPIC_AUTHORIZATION_FAILED or CLUSTER_AUTHORIZATION_FAILED. Kafka: DescribeConfigs (KIP-133, KIP-226, KIP-569).
   *
   * @example
   * const entries = await admin.describeConfigs({ type: 'topic', name: 'orders' }, { includeSynonyms: true })
   */
  describeConfigs(resource: ConfigResource, options?: DescribeConfigsOptions): Promise<ConfigEntry[]>
  describeConfigs(
    resources: readonly ConfigResource[],
    options?: DescribeConfigsOptions,
  ): Promise<Outcomes<readonly ConfigEntry[]>>

  /**
   * Changes single settings; all changes of one resource happen together or not at all. Outcomes are under `type:name`.
   *
   * Fails with INVALID_CONFIG, INVALID_REQUEST, UNKNOWN_TOPIC_OR_PARTITION, POLICY_VIOLATION or an authorization
   * error. Kafka: IncrementalAlterConfigs (KIP-339).
   *
   * @example
   * const resource = { type: 'topic', name: 'orders' } as const
   * valuesOf(await admin.alterConfigs([{ resource, name: 'retention.ms', operation: 'set', value: '60000' }]))
   */
  alterConfigs(changes: readonly ConfigChange[], options?: ValidateOptions): Promise<Outcomes<null>>

  /**
   * Sets all that a resource has of its own: what isn't named goes back to its default. For brokers that don't have
   * `alterConfigs` (Kafka before 2.3, and others that speak its protocol); elsewhere it loses what somebody else set
   * meanwhile. Outcomes are those of `alterConfigs`, and it fails with the same errors. Kafka: AlterConfigs (KIP-133).
   *
   * @example
   * await admin.replaceConfigs([{ resource: { type: 'topic', name: 'orders' }, configs: { 'retention.ms': '60000' } }])
   */
  replaceConfigs(replacements: readonly ConfigReplacement[], options?: ValidateOptions): Promise<Outcomes<null>>

  /**
   * The resources of these types (default: all) that have settings of their own; client-metrics subscriptions from
   * Kafka 3.7 on, the other types from 4.1 on. Rejects with CLUSTER_AUTHORIZATION_FAILED, or UNSUPPORTED_VERSION where the
   * broker is older. Kafka: ListConfigResources (KIP-1000, KIP-1142).
   *
   * @example
   * const subscriptions = await admin.listConfigResources(['client-metrics'])
   */
  listConfigResources(types?: readonly ConfigResourceType[], options?: AdminCallOptions): Promise<ConfigResource[]>
}
