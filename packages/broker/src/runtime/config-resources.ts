import type { Access } from '../dispatch/handler.ts'
import { need } from '../dispatch/handler.ts'

/** Kafka's numbers of what has settings. */
export const configResourceType = { topic: 2, broker: 4, brokerLogger: 8, clientMetrics: 16, group: 32 } as const

const clusterName = 'kafka-cluster'

interface NamedResource {
  readonly resourceType: number
  readonly resourceName: string
}

/** What somebody needs who reads or changes these settings. */
export const configAccess = (
  operation: 'DESCRIBE_CONFIGS' | 'ALTER_CONFIGS',
  { resourceType, resourceName }: NamedResource,
): Access => {
  if (resourceType === configResourceType.topic) return need(operation, 'TOPIC', resourceName)
  if (resourceType === configResourceType.group) return need(operation, 'GROUP', resourceName)
  return need(operation, 'CLUSTER', clusterName)
}
