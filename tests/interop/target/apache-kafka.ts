// The real one, for proving the tests and for comparing with.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import kafkajs from 'kafkajs'
import { apacheKafka, quickStart } from '../peers/apache-kafka.ts'
import { Program, run } from '../process.ts'
import type { BrokerOptions, RunningBroker } from './target.ts'

export const clusterId = 'MkU3OEVBNTcwNTJENDM2Qk'

export async function startApacheKafka(
  options: BrokerOptions,
  jvm: readonly string[] = quickStart,
): Promise<RunningBroker> {
  const { broker } = await launchApacheKafka(options, jvm)
  await answers(broker)
  return broker
}

export interface Launched {
  // performance.now() just before the process was started.
  readonly startMs: number
  readonly broker: RunningBroker
}

// Formats its data directory, and returns as soon as the process runs.
export async function launchApacheKafka(options: BrokerOptions, jvm: readonly string[]): Promise<Launched> {
  const { classPath } = await apacheKafka.get()
  return startFormatted(classPath, options, jvm)
}

export async function startFormatted(
  classPath: string,
  options: BrokerOptions,
  jvm: readonly string[],
  formatArgs: readonly string[] = [],
): Promise<Launched> {
  const port = options.port === 0 ? await freePort() : options.port
  const properties = join(options.dataDir, '..', `kafka-${port}.properties`)
  mkdirSync(options.dataDir, { recursive: true })
  writeFileSync(properties, propertiesOf(settingsOf(port, await freePort(), options)))
  const java = [...jvm, '-cp', classPath]
  if (!existsSync(join(options.dataDir, 'meta.properties'))) {
    const format = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', properties, '--standalone']
    await run('java', [...java, ...format, ...formatArgs])
  }
  const startMs = performance.now()
  return { startMs, broker: { port, program: new Program('java', [...java, 'kafka.Kafka', properties]) } }
}

function settingsOf(port: number, controllerPort: number, options: BrokerOptions): Readonly<Record<string, string>> {
  return {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.bootstrap.servers': `127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': options.dataDir,
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    ...options.settings,
  }
}

export const propertiesOf = (settings: Readonly<Record<string, string>>): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')

// Below those that systems give to outgoing connections, one of which would take it before the broker has it.
const [lowestPort, portCount] = [20_000, 12_000]
const given = new Set<number>()

export async function freePort(): Promise<number> {
  for (;;) {
    const port = lowestPort + Math.floor(Math.random() * portCount)
    if (given.has(port) || !(await isFree(port))) continue
    given.add(port)
    return port
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

export async function answers({ port, program }: RunningBroker): Promise<void> {
  const deadlineMs = performance.now() + 60_000
  while (!(await serves(port))) {
    if (program.child.exitCode !== null || performance.now() > deadlineMs) {
      throw new Error(`Apache Kafka did not start; its log:\n${program.stderr.text.slice(-4000)}`)
    }
    await sleep(100)
  }
}

// It accepts connections before its partitions have leaders.
async function serves(port: number): Promise<boolean> {
  const kafka = new kafkajs.Kafka({
    brokers: [`127.0.0.1:${port}`],
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries: 0 },
  })
  const admin = kafka.admin()
  try {
    await admin.connect()
    const { topics } = await admin.fetchTopicMetadata()
    return topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0))
  } catch {
    return false // not yet
  } finally {
    await admin.disconnect()
  }
}
