import type { Launched } from '../../tests/interop/target/apache-kafka.ts'
import type { RunningBroker } from '../../tests/interop/target/target.ts'

export type ContenderName = 'millrace' | 'kafka'

export interface Contender {
  readonly name: ContenderName
  readonly version: string
  // With an empty data directory; resolves when it serves.
  readonly start: (dataDir: string) => Promise<RunningBroker>
  // The same, resolving as soon as the process runs.
  readonly launch: (dataDir: string) => Promise<Launched>
}
