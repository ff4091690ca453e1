import type { BrokerId, ByteBudget, Logger, Random } from '@millrace/kernel'
import type { LogManager } from '@millrace/storage'
import type { BrokerSettings } from '../config/settings.ts'
import type { BrokerLoggers } from '../observe/broker-loggers.ts'
import type { TopicMetrics } from '../observe/topic-metrics.ts'
import type { ColdPace } from './cold-pace.ts'
import type { ControllerRuntime } from './controller-runtime.ts'
import type { Endpoints } from './endpoints.ts'
import type { FetchSessions } from './fetch-sessions.ts'
import type { GroupRuntime } from './group-runtime.ts'
import type { ImageKeeper } from './image-keeper.ts'
import type { PartitionRuntime } from './partition-runtime.ts'
import type { ProducerIds } from './producer-ids.ts'
import type { TopicCreation } from './topic-creation.ts'

/** What handlers (and the dispatcher) work with: one of each per broker, put together in broker.ts. */
export interface BrokerServices {
  readonly brokerId: BrokerId
  readonly settings: BrokerSettings
  readonly images: ImageKeeper
  readonly endpoints: Endpoints
  /** Topics, partitions and settings change only through it. */
  readonly controller: ControllerRuntime
  readonly topicCreation: TopicCreation
  readonly partitions: PartitionRuntime
  readonly groups: GroupRuntime
  readonly fetchSessions: FetchSessions
  readonly producerIds: ProducerIds
  readonly logs: LogManager
  /** Bytes of fetched records that are on their way to clients: taken before reading, given back after writing. */
  readonly responseBytes: ByteBudget
  /** How much consumers that are behind read at a time. */
  readonly coldPace: ColdPace
  readonly topicMetrics: TopicMetrics
  /** Resolves when others had their turn of the event loop. */
  readonly endOfTurn: () => Promise<void>
  readonly random: Random
  readonly log: Logger
  readonly loggers: BrokerLoggers
}
