import type { Clock, Metrics, Random } from '@millrace/kernel'
import type { MetadataStore } from '@millrace/metadata'
import type { FileSystem } from '@millrace/storage'
import type { BrokerSettings } from '../config/settings.ts'
import type { BrokerLoggers } from '../observe/broker-loggers.ts'
import type { AdoptedData } from './adoption.ts'

/** All that a broker takes from outside: broker.ts gives it the real thing, a simulation something else. */
export interface BrokerWorld {
  readonly settings: BrokerSettings
  readonly clock: Clock
  /** The host's own time, by which leases of the metadata store count. */
  readonly hostClock: Clock
  readonly random: Random
  readonly store: MetadataStore
  readonly fileSystem: FileSystem
  readonly directories: readonly string[]
  /** Null where nothing of the data outlives the process. */
  readonly bootId: string | null
  /** What another broker's data directory says is there, for a store that is empty. */
  readonly adoptable: AdoptedData | null
  readonly endOfTurn: (work: () => void) => void
  readonly loggers: BrokerLoggers
  readonly metrics: Metrics
  /**
   * Groups need it with their first request: an embedded broker has it from the start. With temporary storage it doesn't:
   * 200 files would take longer than the whole start may.
   */
  readonly createsOffsetsTopic: boolean
  /** The broker can't go on and must be closed: nothing to write to is left. */
  readonly onFailed: (reason: string) => void
}
