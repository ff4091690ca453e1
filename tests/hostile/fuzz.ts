// Fuzzes a running broker: requests that are right but for something, cut, spliced and flipped, and plain noise, from many
// connections at a time. What is sent follows from a seed.
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { Connection } from '@millrace/connection'
import type { AnyApi, Field, Fields } from '@millrace/protocol'
import { apis, encodeRequest, zeroUuid } from '@millrace/protocol'
import * as fc from 'fast-check'
import { Target } from '../interop/target/target.ts'
import { goodBatch } from './bad-batches.ts'
import { collectsGarbage, keptMemory, type Memory, portOf, unexpectedErrors } from './broker-under-test.ts'
import { Bystander } from './bystander.ts'
import { rawFrame, RawClient } from './raw-client.ts'

const MiB = 1024 * 1024

type Values = (name: string) => { readonly text: string; readonly integer: number; readonly count: number }

/** A value for every field of a request that its version carries. */
function fieldsOf(fields: Fields, version: number, values: Values): Record<string, unknown> {
  const carried = Object.entries(fields).filter(([, { options }]) => carries(options.versions, version))
  return Object.fromEntries(carried.map(([name, field]) => [name, valueOf(name, field, version, values)]))
}

function valueOf(name: string, field: Field, version: number, values: Values): unknown {
  const { text, integer, count } = values(name)
  const narrow: Readonly<Record<string, number>> = { int8: 7, int16: 15, uint16: 15, int32: 31 }
  switch (field.kind) {
    case 'array': {
      const { element } = field
      return element === null ? [] : Array.from({ length: count }, () => valueOf(name, element, version, values))
    }
    case 'struct':
      return fieldsOf(field.fields ?? {}, version, values)
    case 'string':
      return text
    case 'uuid':
      return zeroUuid
    case 'bool':
      return integer % 2 === 0
    case 'bytes':
      return Buffer.from(text)
    case 'records':
      return goodBatch({ count: 1 + count })
    case 'int8':
    case 'int16':
    case 'uint16':
    case 'int32':
    case 'int64':
    case 'float64':
    case 'hash64':
    case 'millis':
    default: {
      const bits = narrow[field.kind]
      return bits === undefined ? integer : Math.max(-1, Math.min(2 ** bits - 1, integer))
    }
  }
}

function carries(range: string | undefined, version: number): boolean {
  if (range === undefined) return true
  const [min = '0', max = min] = range.endsWith('+') ? [range.slice(0, -1), '32767'] : range.split('-')
  return version >= Number(min) && version <= Number(max)
}

const texts = [
  '',
  'fuzzed',
  'fuzzed',
  'bystander',
  '__consumer_offsets',
  'consumer',
  'range',
  '..',
  'ü',
  'x'.repeat(300),
]
const integers = [-2, -1, 0, 0, 1, 1, 2, 3, 100, 1000, 2 ** 31 - 1, 2 ** 40, Number.MAX_SAFE_INTEGER]
// Waiting for a minute teaches nothing.
const waits: ReadonlySet<string> = new Set(['maxWaitMs', 'timeoutMs', 'rebalanceTimeoutMs', 'sessionTimeoutMs'])
// What the bystander works with may not be taken from it: a request that is right and says so has to be obeyed.
const dangerous: ReadonlySet<string> = new Set([
  'DeleteTopics',
  'DeleteRecords',
  'AlterConfigs',
  'IncrementalAlterConfigs',
  'CreatePartitions',
])

function requestOf(api: AnyApi, version: number, picks: readonly number[]): Uint8Array | null {
  let next = 0
  const pick = (): number => {
    next += 1
    return picks[next % picks.length] ?? 0
  }
  const values: Values = (name) => ({
    text: (texts[pick() % texts.length] ?? '').replace('bystander', dangerous.has(api.name) ? 'fuzzed' : 'bystander'),
    integer: waits.has(name) ? pick() % 50 : (integers[pick() % integers.length] ?? 0),
    count: pick() % 4 === 0 ? 2 : 1,
  })
  const body = fieldsOf(api.request.fields, version, values)
  try {
    return Buffer.concat(encodeRequest(api, version, { correlationId: pick(), clientId: 'fuzz' }, body as never))
  } catch {
    return null // a value that this version can't carry
  }
}

type Damage = readonly [kind: 'none' | 'flip' | 'cut' | 'grow' | 'length' | 'splice', at: number, value: number]

function damaged(bytes: Uint8Array, [kind, at, value]: Damage): Uint8Array {
  const copy = Buffer.from(bytes)
  const place = 8 + (at % Math.max(1, copy.length - 8))
  const fixed = (whole: Buffer): Buffer => {
    if (whole.length >= 4) whole.writeInt32BE(whole.length - 4)
    return whole
  }
  switch (kind) {
    case 'none':
      return copy
    case 'flip':
      copy[place] = value
      return copy
    case 'cut':
      return fixed(copy.subarray(0, place))
    case 'grow':
      return fixed(Buffer.concat([copy, Buffer.alloc(value)]))
    case 'length':
      copy.writeInt32BE((copy.length - 4 + value - 128) | 0)
      return copy
    case 'splice':
      return fixed(Buffer.concat([copy.subarray(0, place), Buffer.alloc(4, value), copy.subarray(place)]))
    default:
      throw new Error(`unknown damage ${String(kind)}`)
  }
}

const byte = fc.integer({ min: 0, max: 255 })
const picks = fc.array(fc.nat(10_000), { minLength: 4, maxLength: 40 })
const damage: fc.Arbitrary<Damage> = fc.tuple(
  fc.oneof(
    { arbitrary: fc.constant('none' as const), weight: 6 },
    { arbitrary: fc.constantFrom('flip', 'flip', 'cut', 'grow', 'length', 'splice'), weight: 4 },
  ),
  fc.nat(2_000),
  byte,
)

type Served = ReadonlyMap<number, { readonly min: number; readonly max: number }>

/** Of the APIs that the broker says it serves, in the versions that it says. */
function requestsOf(served: Served): fc.Arbitrary<Uint8Array> {
  const known = [...apis.values()].flatMap((api) => {
    const range = served.get(api.key)
    return range === undefined ? [] : [{ api, min: Math.max(api.minVersion, range.min), max: range.max }]
  })
  return fc
    .tuple(fc.constantFrom(...known), fc.nat(1_000), picks, damage)
    .map(([{ api, min, max }, versionPick, chosen, harm]) => {
      const version = min + (versionPick % (max - min + 1))
      const request = requestOf(api, version, chosen)
      return request === null ? rawFrame(api.key, version, Buffer.alloc(20)) : damaged(request, harm)
    })
}

const frames = fc
  .tuple(fc.integer({ min: -1, max: 100 }), fc.integer({ min: -1, max: 20 }), fc.uint8Array({ maxLength: 300 }))
  .map(([key, version, rest]): Uint8Array => rawFrame(key, version, rest))
const noise = fc.uint8Array({ minLength: 1, maxLength: 300 })

/** What one connection sends, in pieces, and whether it goes without waiting for anything. */
interface Conversation {
  readonly messages: readonly Uint8Array[]
  readonly pieceBytes: number
  readonly leaves: boolean
}

function conversationsOf(served: Served): fc.Arbitrary<Conversation> {
  const message = fc.oneof(
    { arbitrary: requestsOf(served), weight: 16 },
    { arbitrary: frames, weight: 2 },
    { arbitrary: noise, weight: 1 },
  )
  return fc.record({
    messages: fc.array(message, { minLength: 1, maxLength: 8 }),
    pieceBytes: fc.constantFrom(3, 50, 65_536),
    leaves: fc.boolean(),
  })
}

// An answer may never come (half a frame waits for the rest), and none is asked for: what counts is that others get theirs.
const answerMs = 50

async function converse(port: number, { messages, pieceBytes, leaves }: Conversation): Promise<void> {
  using client = await RawClient.connect(port)
  const bytes = Buffer.concat(messages)
  for (let at = 0; at < bytes.length; at += pieceBytes) client.send(bytes.subarray(at, at + pieceBytes))
  if (leaves) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, answerMs)
  await Promise.race([client.closed, promise])
  clearTimeout(timer)
}

export interface FuzzOptions {
  readonly seed: number
  readonly durationMs: number
  /** How much more memory the broker may keep at the end than when it is warm, besides what its partitions take. */
  readonly growthBytesMax: number
}

export interface Fuzzed {
  readonly connections: number
  readonly partitions: number
  readonly grownMiB: number
}

const connectionsAtATime = 32
// The first seconds fill caches and compile code: what counts is what comes after.
const warmUpMs = 2_000
const warmUpRounds = 8
// Fuzzed CreateTopics make partitions, which are there to stay: an idle one takes 7.5 KiB.
const bytesPerPartition = 8 * 1024
const settings = {
  'auto.create.topics.enable': 'false',
  'group.min.session.timeout.ms': '10',
  // The bystander fills it, as fast as the machine is.
  'log.tail.cache.bytes': String(8 * MiB),
}

/** Fuzzes a broker and asserts that it serves another client all along, says no error of its own, and doesn't grow. */
export async function fuzz(options: FuzzOptions): Promise<Fuzzed> {
  const target = await Target.start({ settings, nodeOptions: collectsGarbage })
  try {
    return await fuzzTarget(target, options)
  } catch (error) {
    const repeat = `FUZZ_SEED=${options.seed} repeats it`
    throw new Error(`${repeat}; the broker's last words:\n${target.log.slice(-2_000)}`, { cause: error })
  }
}

async function fuzzTarget(target: Target, { seed, durationMs, growthBytesMax }: FuzzOptions): Promise<Fuzzed> {
  const port = portOf(target)
  await using bystander = await Bystander.start(port, 10_000)
  const conversations = conversationsOf(await servedBy(port))
  const startedMs = performance.now()
  const elapsedMs = (): number => performance.now() - startedMs
  let connections = 0
  let warm: Memory | undefined
  for (let round = 0; elapsedMs() < durationMs || round < 2 * warmUpRounds; round += 1) {
    const batch = fc.sample(conversations, { seed: seed + round, numRuns: connectionsAtATime })
    await Promise.all(batch.map((conversation) => converse(port, conversation)))
    connections += batch.length
    if (elapsedMs() > Math.min(warmUpMs, durationMs / 2) && round >= warmUpRounds) warm ??= await keptMemory(target)
    if (round % 20 === 0) await bystander.assertServed()
  }
  await bystander.assertServed()
  assert.deepEqual(unexpectedErrors(target), [])
  const partitions = readdirSync(target.dataDir).filter((name) => /-\d+$/.test(name)).length
  const kept = await keptMemory(target)
  const grownBytes = kept.rss - (warm ?? kept).rss
  const found = `${JSON.stringify(warm)}, and with ${partitions} partitions ${JSON.stringify(kept)}`
  assert.ok(grownBytes < growthBytesMax + partitions * bytesPerPartition, `warm it kept ${found}`)
  return { connections, partitions, grownMiB: Math.round(grownBytes / MiB) }
}

async function servedBy(port: number): Promise<Served> {
  const connection = await Connection.connect({ host: '127.0.0.1', port })
  connection.close()
  return connection.versions
}

/** A new one for each run, unless FUZZ_SEED names the one to repeat. */
export const newSeed = (): number => Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
