import type { Fault } from '@millrace/machines'
import { fault } from '@millrace/machines'
import type { IncrementalAlterConfigsRequest } from '@millrace/protocol'
import { errorCode } from '@millrace/protocol'
import type { ConfigEntry, DescribeWish } from '../config/describe.ts'
import { configSource } from '../config/describe.ts'
import type { BrokerLoggers } from '../observe/broker-loggers.ts'
import { configResourceType } from './config-resources.ts'
import { isLoggerLevel, loggerLevels, rootLoggerName } from '../observe/broker-loggers.ts'

type AlteredResource = IncrementalAlterConfigsRequest['resources'][number]
type Change = AlteredResource['configs'][number]

/** Kafka's numbers of what is done to a setting. */
const operation = { set: 0, delete: 1, append: 2, subtract: 3 } as const

/** The levels of the loggers, as settings of a resource of type BROKER_LOGGER (KIP-412). */
export const describeLoggers = (loggers: BrokerLoggers, { names }: DescribeWish): readonly ConfigEntry[] =>
  Array.from(loggers.levels(), ([name, value]) => ({
    name,
    value,
    configSource: configSource.DYNAMIC_BROKER_LOGGER,
    readOnly: false,
    isSensitive: false,
    synonyms: [],
    configType: 0,
    documentation: null,
  })).filter(({ name }) => names === null || names.size === 0 || names.has(name))

/** Alters what of the resources are loggers; the rest is for the controller, and what is named twice for it to refuse. */
export function alterLoggersOf(resources: readonly AlteredResource[], loggers: BrokerLoggers, validateOnly: boolean) {
  const isLogger = ({ resourceType }: AlteredResource): boolean => resourceType === configResourceType.brokerLogger
  const own = resources.filter(isLogger)
  const [resource] = own
  if (resource === undefined || own.length > 1) return { altered: [], asked: resources }
  const wrong = alterLoggers(loggers, resource, validateOnly)
  const { resourceType, resourceName } = resource
  return {
    altered: [{ ...outcome(wrong), resourceType, resourceName }],
    asked: resources.filter((one) => one !== resource),
  }
}

const outcome = (wrong: Fault | null) => ({
  errorCode: errorCode(wrong?.error ?? 'NONE'),
  errorMessage: wrong?.message ?? null,
})

/** Sets and unsets levels: all that are named, or none where one of them can't be. Null where all could. */
function alterLoggers(loggers: BrokerLoggers, { configs }: AlteredResource, validateOnly: boolean): Fault | null {
  const wrong = duplicateFault(configs) ?? nullFault(configs) ?? firstFault(configs, loggers)
  if (wrong !== null || validateOnly) return wrong
  for (const { name, value, configOperation } of configs) {
    if (configOperation === operation.delete) loggers.unset(name)
    else if (value !== null && isLoggerLevel(value)) loggers.set(name, value)
  }
  return null
}

const duplicateFault = (configs: readonly Change[]): Fault | null =>
  new Set(configs.map(({ name }) => name)).size === configs.length
    ? null
    : fault('INVALID_REQUEST', 'Error due to duplicate config keys')

function nullFault(configs: readonly Change[]): Fault | null {
  const nulls = configs.filter(({ value, configOperation }) => value === null && configOperation !== operation.delete)
  if (nulls.length === 0) return null
  return fault('INVALID_REQUEST', `Null value not supported for : ${nulls.map(({ name }) => name).join(', ')}`)
}

function firstFault(configs: readonly Change[], loggers: BrokerLoggers): Fault | null {
  const known = loggers.levels()
  for (const change of configs) {
    const wrong = changeFault(change, known)
    if (wrong !== null) return wrong
  }
  return null
}

function changeFault({ name, value, configOperation }: Change, known: ReadonlyMap<string, string>): Fault | null {
  const isSet = configOperation === operation.set
  if (configOperation === operation.append || configOperation === operation.subtract) {
    return fault('INVALID_REQUEST', 'A level is set or deleted: it is no list.')
  }
  // Kafka 4.3 stumbles over it, and says so.
  if (!isSet && configOperation !== operation.delete) return fault('UNKNOWN_SERVER_ERROR')
  if (!known.has(name)) return fault('INVALID_CONFIG', `Logger ${name} does not exist!`)
  if (isSet && !isLoggerLevel(value ?? '')) {
    return fault('INVALID_CONFIG', `Level ${value} of logger ${name}, expected one of ${loggerLevels.join(', ')}`)
  }
  if (isSet || name !== rootLoggerName) return null
  return fault('INVALID_REQUEST', `The ${rootLoggerName} logger always has a level.`)
}
