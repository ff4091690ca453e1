import { join as joinPath } from 'node:path'
import { find } from '../peers/peer.ts'
import { confluentPython } from '../peers/python.ts'
import { Program, run } from '../process.ts'
import { Member, uniqueName, type Client, type MemberOptions, type ReadRecord } from './client.ts'

const found = await find(confluentPython)

const program = (name: string): string => joinPath(import.meta.dirname, '../python', name)

function python(): string {
  if (found.peer === undefined) throw new Error(found.skip)
  return found.peer.command
}

export function runPython(name: string, argument: unknown, input = ''): Promise<string> {
  return run(python(), [program(name), JSON.stringify(argument)], { input })
}

// Its standard input stays open: such a program ends when it closes.
export function startPython(name: string, argument: unknown): Program {
  return new Program(python(), [program(name), JSON.stringify(argument)])
}

type MemberEvent =
  | { readonly event: 'assigned' | 'revoked'; readonly partitions: readonly (readonly [string, number])[] }
  | ({ readonly event: 'record' } & ReadRecord)
  | { readonly event: 'error'; readonly error: string }

function follow(member: Member, event: MemberEvent): void {
  if (event.event === 'record') return member.received(event)
  if (event.event === 'error') throw new Error(`confluent-kafka-python: ${event.error}`)
  const partitions = event.partitions.map(([topic, partition]) => `${topic}-${partition}`)
  if (event.event === 'assigned') member.gets(partitions)
  else member.loses(partitions)
}

function configOf(bootstrap: string, options: MemberOptions): Record<string, string | number> {
  return {
    'bootstrap.servers': bootstrap,
    'group.id': options.group,
    'session.timeout.ms': 10_000,
    'heartbeat.interval.ms': 500,
    'partition.assignment.strategy': options.cooperative === true ? 'cooperative-sticky' : 'range',
    ...(options.instanceId === undefined ? {} : { 'group.instance.id': options.instanceId }),
    ...(options.fetchWaitMs === undefined ? {} : { 'fetch.wait.max.ms': options.fetchWaitMs }),
  }
}

export const confluent: Client = {
  name: 'confluent-kafka-python',
  skip: found.skip,
  cannotSet: [],

  async produce(bootstrap, topic, records, options = {}) {
    const config = {
      'bootstrap.servers': bootstrap,
      'compression.type': options.codec ?? 'none',
      'enable.idempotence': options.idempotent ?? false,
      'linger.ms': 20,
    }
    const lines = records.map(({ timestampMs, ...record }) =>
      JSON.stringify({ ...record, ...(timestampMs === undefined ? {} : { timestamp: timestampMs }) }),
    )
    await runPython('produce.py', { topic, config }, lines.map((line) => `${line}\n`).join(''))
  },

  async consume(bootstrap, topics, count) {
    const config = { 'bootstrap.servers': bootstrap, 'group.id': uniqueName('confluent-reader') }
    const lines = await runPython('consume.py', { topics, count, config })
    return lines
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as ReadRecord)
  },

  // oxlint-disable-next-line typescript/require-await -- the interface is asynchronous
  async join(bootstrap, options) {
    const member = new Member()
    const child = startPython('member.py', { topics: [options.topic], config: configOf(bootstrap, options) })
    child.stdout.eachLine((line) => follow(member, JSON.parse(line) as MemberEvent))
    member.leave = async () => {
      child.child.stdin?.end()
      await child.finished
    }
    return member
  },
}
