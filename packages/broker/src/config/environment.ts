// What Kafka's container images use for the JVM and its logging, not for the broker.
const excluded = new Set([
  'KAFKA_VERSION',
  'KAFKA_HEAP_OPTS',
  'KAFKA_OPTS',
  'KAFKA_JVM_PERFORMANCE_OPTS',
  'KAFKA_GC_LOG_OPTS',
  'KAFKA_TOOLS_LOG4J_LOGLEVEL',
])
const excludedPrefixes = ['KAFKA_JMX_', 'KAFKA_LOG4J_']

export interface EnvironmentSetting {
  readonly variable: string
  readonly name: string
  readonly value: string
}

/**
 * Settings in the form of Kafka's container images: `KAFKA_NUM_PARTITIONS` is num.partitions, two underscores stand
 * for one, three for a dash.
 */
export function settingsFromEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): readonly EnvironmentSetting[] {
  const settings: EnvironmentSetting[] = []
  for (const [variable, value] of Object.entries(environment)) {
    if (value === undefined || !variable.startsWith('KAFKA_') || isExcluded(variable)) continue
    if (isServiceLink(variable, value)) continue
    settings.push({ variable, name: nameOf(variable), value })
  }
  return settings
}

// KAFKA_SERVICE_HOST, KAFKA_PORT=tcp://10.0.0.1:9092, KAFKA_PORT_9092_TCP_ADDR ...; KAFKA_UI_PORT of a service kafka-ui.
const linkName = /_(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)$/
const linkAddress = /^(?:tcp|udp|sctp):\/\//

const isServiceLink = (variable: string, value: string): boolean =>
  linkName.test(variable) || (variable.endsWith('_PORT') && linkAddress.test(value))

/** The names that Kubernetes gives every pod for services whose names begin with kafka: they are no settings. */
export const serviceLinks = (environment: Readonly<Record<string, string | undefined>>): readonly string[] =>
  Object.entries(environment)
    .filter(([name, value]) => name.startsWith('KAFKA_') && value !== undefined && isServiceLink(name, value))
    .map(([name]) => name)
    .toSorted((a, b) => (a < b ? -1 : 1))

const isExcluded = (variable: string): boolean =>
  excluded.has(variable) || excludedPrefixes.some((prefix) => variable.startsWith(prefix))

function nameOf(variable: string): string {
  const dotted = variable.slice('KAFKA_'.length).toLowerCase().replaceAll('_', '.')
  return dotted.replaceAll('...', '-').replaceAll('..', '_')
}
