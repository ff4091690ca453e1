import { find } from '../peers/peer.ts'
import { kcat as peer } from '../peers/kcat.ts'
import { Program, run } from '../process.ts'
import {
  Member,
  uniqueName,
  type Client,
  type Headers,
  type MemberOptions,
  type NewRecord,
  type ProduceOptions,
  type ReadRecord,
} from './client.ts'

interface KcatJson {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly ts: number
  readonly headers?: readonly string[]
  readonly key: string | null
  readonly payload: string | null
}

const found = await find(peer)

const keyDelimiter = '\u0001'

// kcat sets headers and partition for a whole run: one run for each way they are set.
function groupBySettings(records: readonly NewRecord[]): NewRecord[][] {
  const groups = new Map<string, NewRecord[]>()
  for (const record of records) {
    const settings = JSON.stringify([record.headers ?? [], record.partition ?? null, record.key === undefined])
    const group = groups.get(settings)
    if (group === undefined) groups.set(settings, [record])
    else group.push(record)
  }
  return [...groups.values()]
}

async function produceAlike(
  bootstrap: string,
  topic: string,
  records: readonly NewRecord[],
  options: ProduceOptions,
): Promise<void> {
  const [first] = records
  if (first === undefined) return
  const headers = (first.headers ?? []).flatMap(([name, value]) => ['-H', `${name}=${value}`])
  const partition = first.partition === undefined ? [] : ['-p', String(first.partition)]
  const keyed = first.key === undefined ? [] : ['-K', keyDelimiter]
  const idempotent = options.idempotent === true ? ['-X', 'enable.idempotence=true'] : []
  const how = [...headers, ...partition, ...keyed, ...idempotent, '-z', options.codec ?? 'none', '-X', 'acks=all', '-Z']
  const lines = records.map(
    (record) => `${keyed.length === 0 ? '' : (record.key ?? '') + keyDelimiter}${record.value ?? ''}\n`,
  )
  await run('kcat', ['-P', '-b', bootstrap, '-t', topic, ...how], { input: lines.join('') })
}

function headersOf(flat: readonly string[]): Headers {
  return flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1] ?? ''] as const] : []))
}

function recordOf(line: string): ReadRecord {
  const json = JSON.parse(line) as KcatJson
  return {
    topic: json.topic,
    partition: json.partition,
    offset: json.offset,
    key: json.key,
    value: json.payload,
    headers: headersOf(json.headers ?? []),
    timestampMs: json.ts,
  }
}

async function consume(bootstrap: string, topics: readonly string[], count: number): Promise<ReadRecord[]> {
  const from = ['-X', 'auto.offset.reset=earliest', '-c', String(count), '-J', '-q']
  const lines = await run('kcat', ['-b', bootstrap, ...from, '-G', uniqueName('kcat-reader'), ...topics])
  return lines.trimEnd().split('\n').map(recordOf)
}

// "% Group g rebalanced (memberid m): assigned: t [0], t [1]", or "rebalanced: incremental assignment of 2 partition(s) (...): t [0], t [1]".
function follow(member: Member, line: string): void {
  if (!line.startsWith('% Group ')) return
  const partitions = [...line.matchAll(/(\S+) \[(\d+)\]/g)].map(([, topic, partition]) => `${topic}-${partition}`)
  if (/: assigned:|incremental assignment/.test(line)) member.gets(partitions)
  if (/: revoked:|incremental revoke/.test(line)) member.loses(partitions)
}

// oxlint-disable-next-line typescript/require-await -- the interface is asynchronous
async function join(bootstrap: string, options: MemberOptions): Promise<Member> {
  const strategy = options.cooperative === true ? 'cooperative-sticky' : 'range'
  const settings = {
    'auto.offset.reset': 'earliest',
    'partition.assignment.strategy': strategy,
    'auto.commit.interval.ms': '100',
    'session.timeout.ms': '10000',
    'heartbeat.interval.ms': '500',
    ...(options.instanceId === undefined ? {} : { 'group.instance.id': options.instanceId }),
  }
  const set = Object.entries(settings).flatMap(([name, value]) => ['-X', `${name}=${value}`])
  const program = new Program('kcat', ['-b', bootstrap, ...set, '-J', '-u', '-G', options.group, options.topic])
  const member = new Member()
  program.stdout.eachLine((line) => member.received(recordOf(line)))
  program.stderr.eachLine((line) => follow(member, line))
  member.leave = async () => {
    await program.end('SIGTERM')
  }
  return member
}

export const kcat: Client = {
  name: 'kcat',
  skip: found.skip,
  cannotSet: ['timestamps'],
  consume,
  join,
  async produce(bootstrap, topic, records, options = {}) {
    for (const alike of groupBySettings(records)) await produceAlike(bootstrap, topic, alike, options)
  },
}
