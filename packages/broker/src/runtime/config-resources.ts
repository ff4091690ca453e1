import type { BrokerId } from '@millrace/kernel'
import { errorCode } from '@millrace/protocol'
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

/** What is wrong with asking this broker to change a broker's settings or loggers; null where they are its own, or all's. */
function misdirection({ resourceType, resourceName }: NamedResource, brokerId: BrokerId): string | null {
  const isLogger = resourceType === configResourceType.brokerLogger
  if (resourceType !== configResourceType.broker && !isLogger) return null
  if (resourceName === '' && !isLogger) return null
  if (!/^-?\d+$/.test(resourceName)) return `Node id must be an integer, but it is: ${resourceName}`
  if (Number(resourceName) === brokerId) return null
  return `Unexpected broker id, expected ${brokerId}, but received ${resourceName}`
}

/** Splits what the controller is to decide about from what another broker should have been asked, and its answers. */
export function byDirection<Resource extends NamedResource>(resources: readonly Resource[], brokerId: BrokerId) {
  const asked: Resource[] = []
  const refused: { errorCode: number; errorMessage: string; resourceType: number; resourceName: string }[] = []
  for (const resource of resources) {
    const { resourceType, resourceName } = resource
    const errorMessage = misdirection(resource, brokerId)
    if (errorMessage === null) asked.push(resource)
    else refused.push({ errorCode: errorCode('INVALID_REQUEST'), errorMessage, resourceType, resourceName })
  }
  return { asked, refused }
}
