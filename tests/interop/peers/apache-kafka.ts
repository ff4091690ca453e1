// Apache Kafka from Maven Central: its jars, and one JVM that runs its command-line tools.
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cached } from './cache.ts'
import type { Peer } from './peer.ts'
import { run } from '../process.ts'

const here = join(import.meta.dirname, 'apache-kafka')
const pom = join(here, 'pom.xml')
const sources = [
  'ToolRunner.java',
  'RecordFormatter.java',
  'ReplicaDirs.java',
  'KafkaCleaner.java',
  'TelemetryReceiver.java',
].map((name) => join(here, name))

export interface ApacheKafka {
  readonly classPath: string
}

// A JVM that starts fast; peak speed is of no use to a tool that runs for a second.
export const quickStart = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto', '-Xmx512m']

export function apacheKafkaVersion(): string {
  const version = /<kafka.version>(.*)<\/kafka.version>/.exec(readFileSync(pom, 'utf8'))?.[1]
  if (version === undefined) throw new Error(`no kafka.version in ${pom}`)
  return version
}

async function installJars(): Promise<string> {
  const folder = await cached(`apache-kafka-${apacheKafkaVersion()}`, async (partial) => {
    const copy = ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${join(partial, 'lib')}`]
    await run('mvn', copy, { timeoutMs: 10 * 60_000 })
  })
  return join(folder, 'lib')
}

async function compileRunner(jars: string): Promise<string> {
  const hash = createHash('sha256')
  for (const source of sources) hash.update(readFileSync(source))
  return cached(`tool-runner-${hash.digest('hex').slice(0, 12)}`, async (partial) => {
    await run('javac', ['-cp', join(jars, '*'), '-d', partial, ...sources])
    writeFileSync(join(partial, 'simplelogger.properties'), 'org.slf4j.simpleLogger.defaultLogLevel=warn\n')
  })
}

export const apacheKafka: Peer<ApacheKafka> = {
  name: 'Apache Kafka',
  async get() {
    const jars = await installJars()
    const runner = await compileRunner(jars)
    return { classPath: `${runner}:${join(jars, '*')}` }
  },
}
