// Three brokers of Apache Kafka, the first of them the controller as well, each in a rack of its own.
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Admin } from '@millrace/client'
import type { ApacheKafka } from '../peers/apache-kafka.ts'
import { quickStart } from '../peers/apache-kafka.ts'
import { clusterId, freePort, startFormatted } from './apache-kafka.ts'
import type { RunningBroker } from './target.ts'

export type NodeId = 1 | 2 | 3

export const nodes: readonly NodeId[] = [1, 2, 3]
const jvm = [...quickStart, '-Xmx320m']
const deadlineMs = 60_000

export class KafkaCluster {
  readonly bootstrap: string
  readonly #classPath: string
  readonly #folder: string
  readonly #ports: ReadonlyMap<NodeId, number>
  readonly #controllerPort: number
  readonly #running = new Map<NodeId, RunningBroker>()

  private constructor(classPath: string, folder: string, ports: ReadonlyMap<NodeId, number>, controllerPort: number) {
    this.#classPath = classPath
    this.#folder = folder
    this.#ports = ports
    this.#controllerPort = controllerPort
    this.bootstrap = nodes.map((node) => this.addressOf(node)).join(',')
  }

  /** Resolves when all three take part. */
  static async start({ classPath }: ApacheKafka): Promise<KafkaCluster> {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-kafka-cluster-'))
    const ports = new Map<NodeId, number>()
    for (const node of nodes) ports.set(node, await freePort())
    const cluster = new KafkaCluster(classPath, folder, ports, await freePort())
    await Promise.all(nodes.map((node) => cluster.startNode(node)))
    await cluster.hasNodes(3)
    return cluster
  }

  addressOf(node: NodeId): string {
    return `127.0.0.1:${this.#ports.get(node)}`
  }

  rackOf(node: NodeId): string {
    return `rack-${node}`
  }

  /** On the port and with the data that it had. It takes part a while later. */
  async startNode(node: NodeId): Promise<void> {
    const dataDir = join(this.#folder, String(node), 'data')
    // Only what the controller needs is made by Kafka's own tool, which costs a JVM.
    if (node !== 1) writeIdentity(dataDir, node)
    const options = { dataDir, port: this.#ports.get(node) ?? 0, settings: this.#settingsOf(node) }
    const { broker } = await startFormatted(this.#classPath, options, jvm)
    this.#running.set(node, broker)
  }

  async kill(node: NodeId): Promise<void> {
    await this.#running.get(node)?.program.end('SIGKILL')
  }

  async stop(): Promise<void> {
    await Promise.all(nodes.map((node) => this.kill(node)))
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async hasNodes(count: number): Promise<void> {
    await using admin = new Admin({ bootstrapServers: this.bootstrap })
    const lateMs = performance.now() + deadlineMs
    while ((await admin.describeCluster()).nodes.length !== count) {
      if (performance.now() > lateMs) throw new Error(`no ${count} nodes in ${deadlineMs} ms; ${this.#logs()}`)
      await sleep(100)
    }
  }

  #settingsOf(node: NodeId): Readonly<Record<string, string>> {
    const controller = `127.0.0.1:${this.#controllerPort}`
    const listener = `PLAINTEXT://${this.addressOf(node)}`
    return {
      'process.roles': node === 1 ? 'broker,controller' : 'broker',
      'node.id': String(node),
      'controller.quorum.bootstrap.servers': controller,
      listeners: node === 1 ? `${listener},CONTROLLER://${controller}` : listener,
      'broker.rack': this.rackOf(node),
      'replica.selector.class': 'org.apache.kafka.common.replica.RackAwareReplicaSelector',
      'offsets.topic.num.partitions': '1',
      'offsets.topic.replication.factor': '3',
      'group.initial.rebalance.delay.ms': '0',
      // A broker that was killed is missed soon.
      'broker.session.timeout.ms': '1500',
      'broker.heartbeat.interval.ms': '300',
      'auto.leader.rebalance.enable': 'false',
    }
  }

  #logs(): string {
    return [...this.#running].map(([node, { program }]) => `${node}: ${program.stderr.text.slice(-1000)}`).join('\n')
  }
}

function writeIdentity(dataDir: string, node: NodeId): void {
  mkdirSync(dataDir, { recursive: true })
  const directoryId = randomBytes(16).toString('base64url')
  const lines = ['version=1', `cluster.id=${clusterId}`, `node.id=${node}`, `directory.id=${directoryId}`]
  writeFileSync(join(dataDir, 'meta.properties'), `${lines.join('\n')}\n`)
}
