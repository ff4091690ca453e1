// A broker that is killed under load, again and again. What must hold: every acknowledged record is there, once, in order and
// where it was acknowledged; of a compacted topic the last acknowledged value of every key, or a later one; a group goes
// on where it last committed.
import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from '@millrace/connection'
import { portOf, unexpectedErrors } from '../hostile/broker-under-test.ts'
import { freePort } from '../interop/target/apache-kafka.ts'
import { Target } from '../interop/target/target.ts'
import { GroupMember } from './member.ts'
import { checkAllThere, ColdReader, readAll } from './reader.ts'
import { recordsPerBatch, Writer, type Writing } from './writer.ts'

const patienceMs = 60_000
// A batch is 30 KB and a segment 1 MiB: each life rolls at least one in each topic.
const batchesPerLife = 40
const coldReadsPerLife = 3
const compactedKeys = 20

/** That the faults bit. A run in which one of these is nothing has shown nothing. */
export interface Bites {
  readonly kills: number
  acknowledged: number
  /** Batches on their way, not answered, when the process was killed. */
  inFlight: number
  segmentsRolled: number
  coldReads: number
  commits: number
}

interface Load {
  readonly target: Target
  readonly metricsUrl: string
  readonly writers: readonly Writer[]
  readonly compacted: Writer
  readonly cold: ColdReader
  readonly member: GroupMember
}

const connect = (target: Target): Promise<Connection> => Connection.connect({ host: '127.0.0.1', port: portOf(target) })

export async function killUnderLoad(kills: number): Promise<Bites> {
  const load = await startLoad()
  const bites: Bites = { kills, acknowledged: 0, inFlight: 0, segmentsRolled: 0, coldReads: 0, commits: 0 }
  for (let kill = 1; kill <= kills; kill += 1) {
    await liveAndDie(load, bites)
    await load.target.startAgain()
    if (kill % 25 === 0) await verify(load)
  }
  await verify(load)
  bites.segmentsRolled = globSync(`${load.target.dataDir}/storm-*/*.log`).filter(
    (path) => !/\/0+\.log$/.test(path),
  ).length
  assert.deepEqual(unexpectedErrors(load.target), [])
  checkBites(bites)
  return bites
}

function checkBites(bites: Bites): void {
  const { kills, acknowledged, inFlight, segmentsRolled, coldReads, commits } = bites
  const found = JSON.stringify(bites)
  assert.ok(acknowledged >= kills * batchesPerLife && commits >= kills, `too little was acknowledged: ${found}`)
  assert.ok(inFlight >= kills, `nothing was in flight: ${found}`)
  assert.ok(segmentsRolled >= kills, `no segments rolled: ${found}`)
  assert.ok(coldReads >= kills * coldReadsPerLife, `no cold reads: ${found}`)
}

async function startLoad(): Promise<Load> {
  const httpPort = await freePort()
  const target = await Target.start({
    settings: {
      'http.listeners': `127.0.0.1:${httpPort}`,
      'log.tail.cache.bytes': String(1024 * 1024),
      'log.cleaner.backoff.ms': '100',
    },
  })
  const connection = await connect(target)
  const compaction = { 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0.1' }
  const many: Writing = { keys: 1_000_000, paddingBytes: 10_000, codecs: ['none'] }
  const writers = [await Writer.create(connection, 'storm-0', many), await Writer.create(connection, 'storm-1', many)]
  const compacted = await Writer.create(connection, 'storm-compacted', {
    ...many,
    keys: compactedKeys,
    settings: compaction,
  })
  connection.close()
  const [first, second] = writers
  assert.ok(first !== undefined && second !== undefined)
  const metricsUrl = `http://127.0.0.1:${httpPort}/metrics`
  return { target, metricsUrl, writers, compacted, cold: new ColdReader(first), member: new GroupMember(second) }
}

async function liveAndDie(load: Load, bites: Bites): Promise<void> {
  const { target, cold, member } = load
  const all = [...load.writers, load.compacted]
  const before = {
    batches: all.map(({ acknowledged }) => acknowledged.length),
    cold: cold.reads,
    commits: member.commits,
  }
  const open = (): Promise<Connection> => connect(target)
  const working = [
    ...all.map(async (writer) => writer.write(await open())),
    open().then((connection) => cold.read(connection)),
    open().then((connection) => member.consume(connection)),
  ]
  const ended = Promise.all(working)
  const isEnough = (): boolean =>
    all.every(({ acknowledged }, i) => acknowledged.length >= (before.batches[i] ?? 0) + batchesPerLife) &&
    cold.reads >= before.cold + coldReadsPerLife &&
    member.commits > before.commits
  await Promise.race([ended, until(isEnough)])
  bites.coldReads += await readsFromFiles(load.metricsUrl)
  bites.inFlight += all.filter(({ inFlight }) => inFlight).length
  await target.kill()
  await ended
  bites.acknowledged += all.reduce(
    (sum, { acknowledged }, i) => sum + acknowledged.length - (before.batches[i] ?? 0),
    0,
  )
  bites.commits += member.commits - before.commits
}

async function until(holds: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + patienceMs
  while (!holds()) {
    assert.ok(performance.now() < deadlineMs, 'the load does not get on')
    await sleep(5)
  }
}

async function readsFromFiles(url: string): Promise<number> {
  const text = await (await fetch(url)).text()
  return Number(/^millrace_log_reads\{from="files"\} (\d+)$/m.exec(text)?.[1])
}

async function verify({ target, writers, compacted }: Load): Promise<void> {
  const connection = await connect(target)
  for (const writer of writers) await checkAllThere(connection, writer)
  await verifyCompacted(connection, compacted)
  connection.close()
}

async function verifyCompacted(connection: Connection, writer: Writer): Promise<void> {
  const latest = new Map<string, number>()
  let last = -1
  await readAll(connection, writer.topic, (_from, found) => {
    for (const { key, value } of found) {
      const sequence = Number(value.split(' ')[1])
      assert.ok(sequence > last, `${writer.topic} has ${sequence} after ${last}`)
      assert.ok(value === writer.valueOf(sequence) && key === writer.keyOf(sequence))
      latest.set(key, sequence)
      last = sequence
    }
  })
  for (const { sequence } of writer.acknowledged.slice(-compactedKeys)) {
    for (let i = sequence; i < sequence + recordsPerBatch; i += 1) {
      assert.ok((latest.get(writer.keyOf(i) ?? '') ?? -1) >= i, `${writer.topic} lost what was acknowledged as ${i}`)
    }
  }
}
