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
    settings.push({ variable, name: nameOf(variable), value })
  }
  return settings
}

const isExcluded = (variable: string): boolean =>
  excluded.has(variable) || excludedPrefixes.some((prefix) => variable.startsWith(prefix))

function nameOf(variable: string): string {
  const dotted = variable.slice('KAFKA_'.length).toLowerCase().replaceAll('_', '.')
  return dotted.replaceAll('...', '-').replaceAll('..', '_')
}
