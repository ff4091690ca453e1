// DescribeConfigs v1-4: settings of topics, of this broker, of all brokers (named ''), of groups and of client-metrics
// subscriptions, each with where its value comes from; and the levels of this broker's loggers.
import { configsOf, topicNameFault } from '@millrace/machines'
import type { DescribeConfigsRequest, DescribeConfigsResponseInput } from '@millrace/protocol'
import { describeConfigsApi, errorCode, KafkaError } from '@millrace/protocol'
import type { ConfigEntry, DescribeWish } from '../config/describe.ts'
import {
  describeBroker,
  describeClientMetrics,
  describeClusterWide,
  describeGroup,
  describeTopic,
} from '../config/describe.ts'
import type { RequestContext } from '../dispatch/handler.ts'
import { defineHandler } from '../dispatch/handler.ts'
import { configAccess, configResourceType } from '../runtime/config-resources.ts'
import { describeLoggers } from '../runtime/logger-resource.ts'
import { mapInSlices, Slices } from '../runtime/slices.ts'

type Resource = DescribeConfigsRequest['resources'][number]
type Result = DescribeConfigsResponseInput['results'][number]

export const describeConfigs = defineHandler(describeConfigsApi, {
  access: (request) => request.resources.map((resource) => configAccess('DESCRIBE_CONFIGS', resource)),
  handle: async (request, context) => {
    let room = entriesMax
    const results = await mapInSlices(request.resources, new Slices(context), (resource) => {
      const described = room > 0 ? describeOne(resource, wishOf(request, resource), context) : tooMany(resource)
      room -= described.configs.length
      return described
    })
    return { throttleTimeMs: 0, results }
  },
  failure: (request, error, message) => ({
    throttleTimeMs: 0,
    results: request.resources.map((resource) => result(resource, errorCode(error), message)),
  }),
})

// A request of a megabyte that asks for all settings of one broker again and again would be answered with gigabytes.
const entriesMax = 300_000

const tooMany = (resource: Resource): Result =>
  result(resource, errorCode('POLICY_VIOLATION'), `one request is answered with about ${entriesMax} settings at most`)

function describeOne(resource: Resource, wish: DescribeWish, context: RequestContext): Result {
  try {
    return { ...result(resource, 0, ''), configs: describe(resource, wish, context) }
  } catch (error) {
    if (error instanceof KafkaError) return result(resource, error.code, error.message)
    throw error
  }
}

const result = (resource: Resource, code: number, errorMessage: string | null): Result => ({
  errorCode: code,
  errorMessage,
  resourceType: resource.resourceType,
  resourceName: resource.resourceName,
  configs: [],
})

const wishOf = (request: DescribeConfigsRequest, { configurationKeys }: Resource): DescribeWish => ({
  names: configurationKeys === null ? null : new Set(configurationKeys),
  synonyms: request.includeSynonyms,
  documentation: request.includeDocumentation,
})

function describe(resource: Resource, wish: DescribeWish, context: RequestContext): readonly ConfigEntry[] {
  const { resourceType, resourceName: name } = resource
  const { services, image } = context
  switch (resourceType) {
    case configResourceType.topic:
      return describeNamedTopic(name, wish, context)
    case configResourceType.broker:
      return describeNamedBroker(name, wish, context)
    case configResourceType.group:
      if (name === '') throw new KafkaError('INVALID_REQUEST', 'the name of a group is empty')
      return describeGroup(configsOf(image, { type: 'group', name }), services.settings, wish)
    case configResourceType.clientMetrics:
      if (name === '') throw new KafkaError('INVALID_REQUEST', 'the name of a client-metrics subscription is empty')
      return describeClientMetrics(configsOf(image, { type: 'client-metrics', name }), wish)
    case configResourceType.brokerLogger:
      checkBrokerId(name, context)
      return describeLoggers(services.loggers, wish)
    default:
      throw new KafkaError('INVALID_REQUEST', `resources of type ${resourceType} have no settings here`)
  }
}

function describeNamedTopic(name: string, wish: DescribeWish, { services, image }: RequestContext) {
  const illegal = topicNameFault(name)
  if (illegal !== null) throw new KafkaError(illegal.error, illegal.message ?? undefined)
  if (!image.topicsByName.has(name)) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `there is no topic '${name}'`)
  return describeTopic(configsOf(image, { type: 'topic', name }), services.settings, wish)
}

// The settings of a broker are known to that broker only: clients send this request to the one they ask about.
function describeNamedBroker(name: string, wish: DescribeWish, context: RequestContext) {
  const { settings } = context.services
  if (name === '') return describeClusterWide(settings, wish)
  checkBrokerId(name, context)
  return describeBroker(settings, wish)
}

function checkBrokerId(name: string, { services }: RequestContext): void {
  if (name === String(services.brokerId)) return
  if (!/^-?\d+$/.test(name)) {
    throw new KafkaError('INVALID_REQUEST', `Broker id must be an integer, but it is: ${name}`)
  }
  const message = `Unexpected broker id, expected ${services.brokerId}, but received ${name}`
  throw new KafkaError('INVALID_REQUEST', message)
}
