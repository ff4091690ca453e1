import type { BrokerEpoch } from '@millrace/kernel'
import { asBrokerId, ByteBudget } from '@millrace/kernel'
import { offsetsTopic } from '@millrace/machines'
import type { LogManager } from '@millrace/storage'
import { listenerSettings } from '../config/listeners.ts'
import type { BrokerSettings } from '../config/settings.ts'
import { TopicMetrics } from '../observe/topic-metrics.ts'
import type { BrokerWorld } from './broker-world.ts'
import { ColdPace } from './cold-pace.ts'
import { controllerRules } from './controller-rules.ts'
import { ControllerRuntime } from './controller-runtime.ts'
import { Endpoints } from './endpoints.ts'
import { FetchSessions } from './fetch-sessions.ts'
import { GroupRuntime } from './group-runtime.ts'
import { groupSettings } from './group-settings.ts'
import type { ImageKeeper } from './image-keeper.ts'
import type { Partition } from './partition.ts'
import { PartitionRuntime } from './partition-runtime.ts'
import { ProducerIds } from './producer-ids.ts'
import type { BrokerServices } from './services.ts'
import { TopicCreation } from './topic-creation.ts'

export interface ServiceParts {
  readonly world: BrokerWorld
  readonly images: ImageKeeper
  readonly logs: LogManager
  /** The life of this broker that is registered; -1 before that. */
  readonly brokerEpoch: () => BrokerEpoch
}

const fetchSessionEvictionMs = 120_000

/** One of each of what handlers work with. */
export function buildServices(parts: ServiceParts): BrokerServices {
  const { world, images, logs } = parts
  const { settings, clock, random, loggers } = world
  const brokerId = asBrokerId(settings.number('node.id'))
  const endOfTurn = (): Promise<void> => new Promise((resolve) => world.endOfTurn(resolve))
  const controller = buildController(world, images, endOfTurn)
  const groups = buildGroups(world, images)
  const partitions = buildPartitions(parts, groups, endOfTurn)
  return {
    brokerId,
    settings,
    images,
    controller,
    groups,
    logs,
    endOfTurn,
    random,
    log: loggers.root,
    loggers,
    topicMetrics: new TopicMetrics(world.metrics),
    endpoints: new Endpoints(brokerId, advertisedListeners(settings)),
    topicCreation: new TopicCreation({ controller, images, settings, partitions }),
    partitions,
    fetchSessions: new FetchSessions({
      clock,
      random,
      maxSessions: settings.number('max.incremental.fetch.session.cache.slots'),
      evictionMs: fetchSessionEvictionMs,
    }),
    producerIds: new ProducerIds(brokerId, controller),
    responseBytes: new ByteBudget(settings.number('queued.max.response.bytes')),
    coldPace: new ColdPace(clock),
  }
}

function buildController(world: BrokerWorld, images: ImageKeeper, endOfTurn: () => Promise<void>): ControllerRuntime {
  const { settings, clock, hostClock: leaseClock, random, store, loggers } = world
  const log = loggers.of('millrace.controller')
  const rules = controllerRules(settings)
  return new ControllerRuntime({ store, images, rules, random, clock, leaseClock, log, endOfTurn })
}

function buildGroups({ settings, clock, random, loggers }: BrokerWorld, images: ImageKeeper): GroupRuntime {
  const log = loggers.of('millrace.groups')
  return new GroupRuntime({
    clock,
    random,
    log,
    settings: () => groupSettings(settings),
    image: () => images.current,
    onEffect: ({ kind, ...fields }) => log.debugEnabled && log.debug(`group: ${kind}`, fields),
  })
}

function buildPartitions(
  { world, logs, brokerEpoch }: ServiceParts,
  groups: GroupRuntime,
  endOfTurn: () => Promise<void>,
): PartitionRuntime {
  const { settings, clock, loggers } = world
  return new PartitionRuntime({
    brokerId: asBrokerId(settings.number('node.id')),
    brokerEpoch,
    logs,
    settings,
    clock,
    log: loggers.of('millrace.storage'),
    endOfTurn,
    onElected: (partition) => holdsGroups(partition) && groups.lead(partition),
    onResigned: (partition) => holdsGroups(partition) && groups.resign(partition.index),
  })
}

const holdsGroups = ({ topic }: Partition): boolean => topic === offsetsTopic

const advertisedListeners = (settings: BrokerSettings): ReadonlySet<string> =>
  new Set(listenerSettings(settings).flatMap(({ listener, advertised }) => (advertised === null ? [] : [listener])))
