// A broker of another release of Apache Kafka: with its ZooKeeper where it needs one, else in KRaft mode.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { Admin } from '@millrace/client'
import { answers, freePort, propertiesOf, startFormatted } from './apache-kafka.ts'
import { quickStart } from '../peers/apache-kafka.ts'
import type { KafkaRelease } from '../peers/kafka-release.ts'
import { Program } from '../process.ts'

export interface OldBroker {
  readonly bootstrap: string
  stop(): Promise<void>
}

async function startRelease(release: KafkaRelease): Promise<OldBroker> {
  const folder = mkdtempSync(join(tmpdir(), `millrace-kafka-${release.version}-`))
  const programs = release.version.startsWith('2.')
    ? await withZooKeeper(release, folder)
    : await kraft(release, folder)
  return {
    bootstrap: `127.0.0.1:${programs.port}`,
    async stop() {
      for (const program of programs.all) await program.end('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A broker of this release and an `Admin` for the tests of the suite that calls this. */
export function releaseOfSuite(release: KafkaRelease | undefined): {
  readonly broker: OldBroker
  readonly admin: Admin
} {
  let broker: OldBroker | undefined
  let admin: Admin | undefined
  before(async () => {
    if (release === undefined) return
    broker = await startRelease(release)
    admin = new Admin({ bootstrapServers: broker.bootstrap })
  })
  after(async () => {
    await admin?.close()
    await broker?.stop()
  })
  const there = <T>(part: T | undefined): T => part ?? assert.fail('it has not started')
  return {
    get broker() {
      return there(broker)
    },
    get admin() {
      return there(admin)
    },
  }
}

interface Programs {
  readonly port: number
  readonly all: readonly Program[]
}

const oneBroker = {
  'group.initial.rebalance.delay.ms': '0',
  'offsets.topic.num.partitions': '1',
  'log.cleaner.backoff.ms': '100',
}

async function kraft({ classPath }: KafkaRelease, folder: string): Promise<Programs> {
  const options = { dataDir: join(folder, 'data'), port: 0, settings: oneBroker }
  const { broker } = await startFormatted(classPath, options, quickStart)
  await answers(broker)
  return { port: broker.port, all: [broker.program] }
}

async function withZooKeeper({ classPath }: KafkaRelease, folder: string): Promise<Programs> {
  const [zkPort, port] = [await freePort(), await freePort()]
  const java = [...quickStart, '-cp', classPath]
  mkdirSync(join(folder, 'zookeeper'))
  const zooKeeper = new Program('java', [
    '-Dzookeeper.admin.enableServer=false',
    ...java,
    'org.apache.zookeeper.server.ZooKeeperServerMain',
    String(zkPort),
    join(folder, 'zookeeper'),
  ])
  const properties = join(folder, 'kafka.properties')
  const settings = {
    'broker.id': '1',
    'zookeeper.connect': `127.0.0.1:${zkPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port}`,
    'log.dirs': join(folder, 'data'),
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    ...oneBroker,
  }
  writeFileSync(properties, propertiesOf(settings))
  const broker = { port, program: new Program('java', [...java, 'kafka.Kafka', properties]) }
  await answers(broker)
  return { port, all: [broker.program, zooKeeper] }
}
