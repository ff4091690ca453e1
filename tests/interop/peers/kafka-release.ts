// Brokers of other releases of Apache Kafka, from Maven Central: what our clients must get along with.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { cached } from './cache.ts'
import type { Peer } from './peer.ts'
import { run } from '../process.ts'

const pom = join(import.meta.dirname, 'apache-kafka', 'broker-pom.xml')

export interface KafkaRelease {
  readonly version: string
  readonly classPath: string
}

export const kafkaRelease = (version: string): Peer<KafkaRelease> => ({
  name: `Apache Kafka ${version}`,
  async get() {
    const folder = await cached(`apache-kafka-broker-${version}`, async (partial) => {
      const copy = ['-q', '-B', '-f', pom, `-Dkafka.version=${version}`, 'dependency:copy-dependencies']
      await run('mvn', [...copy, `-DoutputDirectory=${partial}`], { timeoutMs: 10 * 60_000 })
    })
    return { version, classPath: classPathOf(folder) }
  },
})

// Kafka 2.8 brings a binding of slf4j to log4j, which says all that goes on: ours stands before it.
function classPathOf(folder: string): string {
  const first = readdirSync(folder).filter((name) => name.startsWith('slf4j-simple'))
  return [...first, '*'].map((name) => join(folder, name)).join(':')
}
