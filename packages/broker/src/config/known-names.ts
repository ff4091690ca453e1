import { brokerDefinitions, quotaDefinitions } from './definitions.ts'

// Names that earlier releases of Kafka had: files that were written for those must still start a broker.
const retired = new Set([
  'advertised.host.name',
  'advertised.port',
  'broker.id.generation.enable',
  'control.plane.listener.name',
  'group.coordinator.new.enable',
  'host.name',
  'inter.broker.protocol.version',
  'leader.imbalance.per.broker.percentage',
  'log.message.downconversion.enable',
  'log.message.format.version',
  'log.message.timestamp.difference.max.ms',
  'offsets.commit.required.acks',
  'password.encoder.cipher.algorithm',
  'password.encoder.iterations',
  'password.encoder.key.length',
  'password.encoder.keyfactory.algorithm',
  'password.encoder.old.secret',
  'password.encoder.secret',
  'port',
  'quota.consumer.default',
  'quota.producer.default',
  'reserved.broker.max.id',
  'unclean.leader.election.interval.ms',
  'unstable.api.versions.enable',
  'unstable.feature.versions.enable',
  'zookeeper.connect',
  'zookeeper.connection.timeout.ms',
  'zookeeper.max.in.flight.requests',
  'zookeeper.metadata.migration.enable',
  'zookeeper.session.timeout.ms',
  'zookeeper.set.acl',
])

// Settings of what is plugged into Kafka: their names aren't Kafka's, so none of them can be misspelt.
const pluginNames = new Set(['super.users', 'allow.everyone.if.no.acl.found'])
const pluginPrefixes = ['config.providers.', 'rsm.config.', 'rlmm.config.', 'confluent.', 'metrics.context.']
const listenerOverride = /^listener\.name\.[^.]+\.(?:[^.]+\.)??(.+)$/

export type NameKind = 'supported' | 'known' | 'unknown'

/** Whether a broker setting acts, is known and has no effect yet, or is nobody's. */
export function kindOfName(name: string): NameKind {
  const definition = brokerDefinitions.get(name)
  if (definition !== undefined) return definition.documentation === null ? 'known' : 'supported'
  const isKnown =
    retired.has(name) ||
    pluginNames.has(name) ||
    quotaDefinitions.has(name) ||
    pluginPrefixes.some((prefix) => name.startsWith(prefix)) ||
    overriddenName(name) !== undefined
  return isKnown ? 'known' : 'unknown'
}

/** The setting that `listener.name.internal.ssl.keystore.location` sets for one listener. */
export function overriddenName(name: string): string | undefined {
  if (!listenerOverride.test(name)) return undefined
  const parts = name.split('.').slice(3)
  // With a SASL mechanism in between: listener.name.internal.scram-sha-256.sasl.jaas.config.
  return [parts.join('.'), parts.slice(1).join('.')].find((base) => brokerDefinitions.has(base))
}

/** The known name that looks most like this one, for whoever misspelt it. */
export function similarName(name: string): string | undefined {
  let best: { readonly name: string; readonly distance: number } | undefined
  for (const candidate of brokerDefinitions.keys()) {
    const distance = editDistance(name, candidate)
    if (distance < (best?.distance ?? Math.min(4, name.length / 2))) best = { name: candidate, distance }
  }
  return best?.name
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
