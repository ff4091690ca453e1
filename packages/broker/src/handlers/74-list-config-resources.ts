// ListConfigResources v0-1: what has settings. v0 lists client-metrics subscriptions only.
import { errorCode, listConfigResourcesApi } from '@millrace/protocol'
import type { MetadataImage } from '@millrace/machines'
import { defineHandler, need } from '../dispatch/handler.ts'
import { configResourceType } from '../runtime/config-resources.ts'

const { topic, broker, brokerLogger, clientMetrics, group } = configResourceType
const listable = [topic, broker, brokerLogger, clientMetrics, group]

export const listConfigResources = defineHandler(listConfigResourcesApi, {
  access: () => [need('DESCRIBE_CONFIGS', 'CLUSTER', 'kafka-cluster')],
  handle: ({ resourceTypes }, { image, apiVersion }) => {
    const supported: readonly number[] = apiVersion === 0 ? [clientMetrics] : listable
    const asked = resourceTypes.length === 0 ? supported : resourceTypes
    if (asked.some((type) => !supported.includes(type))) {
      return { throttleTimeMs: 0, errorCode: errorCode('UNSUPPORTED_VERSION'), configResources: [] }
    }
    const configResources = [...new Set(asked)].flatMap((resourceType) =>
      namesOf(resourceType, image).map((resourceName) => ({ resourceName, resourceType })),
    )
    return { throttleTimeMs: 0, errorCode: 0, configResources }
  },
  failure: (_request, error) => ({ throttleTimeMs: 0, errorCode: errorCode(error), configResources: [] }),
})

function namesOf(resourceType: number, image: MetadataImage): string[] {
  if (resourceType === topic) return [...image.topicsByName.keys()]
  if (resourceType === broker || resourceType === brokerLogger) return [...image.brokers.keys()].map(String)
  const type = resourceType === group ? 'group' : 'client-metrics'
  return [...image.configs.values()]
    .filter(({ resource }) => resource.type === type)
    .map(({ resource }) => resource.name)
}
