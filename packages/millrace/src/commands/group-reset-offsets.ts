import type { AdminApi, CallOptions, OffsetSpec, TopicPartition, TopicPartitionOffset } from '@millrace/client'
import type { Command } from 'commander'
import type { ListingOptions } from '../client-options.ts'
import { collect, withListing } from '../client-options.ts'
import { byName } from '../groups/lag.ts'
import { counted } from '../output/counted.ts'
import type { Column, Row } from '../output/print.ts'
import { printRows } from '../output/print.ts'
import type { StartPosition } from '../records/position.ts'
import { parseOffset, parseTime, resolvePosition } from '../records/position.ts'
import { allOf, partOutcomes, withAdmin } from '../session.ts'
import type { Terminal } from '../terminal.ts'
import { confirm, say, UsageError } from '../terminal.ts'

interface ResetOptions extends ListingOptions {
  readonly topic?: readonly string[]
  readonly toOffset?: string
  readonly toTime?: string
  readonly shiftBy?: string
  readonly dryRun?: boolean
  readonly yes?: boolean
}

const columns: readonly Column[] = [
  { name: 'topic' },
  { name: 'partition', align: 'right' },
  { name: 'from', align: 'right' },
  { name: 'to', align: 'right' },
]

const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}-${partition}`

export function addResetOffsets(group: Command, terminal: Terminal): void {
  withListing(group.command('reset-offsets <group>'))
    .description('move the committed offsets of a group that has no members')
    .option('--topic <topic[:partitions]>', 'only these, such as orders or orders:0,1; may be repeated', collect)
    .option('--to-offset <offset>', "'earliest', 'latest', an offset, or -10 for ten before the end")
    .option('--to-time <time>', 'the first record at or after 2026-11-21T10:00:00Z, or 15m ago')
    .option('--shift-by <records>', 'forward, or back with a minus')
    .option('--dry-run', 'only print where they would go')
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      '\nPrints: {group, topic, partition, from, to}; from is null where nothing was committed.' +
        '\n\nExample:\n  millrace group reset-offsets warehouse --topic orders --to-offset earliest --dry-run',
    )
    .action((groupId: string, options: ResetOptions) => resetOffsets(groupId, options, terminal))
}

function resetOffsets(groupId: string, options: ResetOptions, terminal: Terminal): Promise<void> {
  const target = targetOf(options)
  return withAdmin(options, terminal, async (admin, call) => {
    await checkEmpty(admin, groupId, call)
    const committed = await admin.fetchOffsets(groupId, undefined, call)
    const before = new Map(committed.map((each) => [nameOf(each), each.offset]))
    const partitions = await partitionsOf(admin, options.topic ?? [], committed, call)
    const moved = (await target(admin, partitions, before, call)).toSorted(byName)
    const rows = moved.map(({ topic, partition, offset }): Row => ({
      group: groupId,
      topic,
      partition,
      from: before.get(`${topic}-${partition}`) ?? null,
      to: offset,
    }))
    await printRows(terminal, options.output, columns, rows)
    if (options.dryRun === true) return say(terminal, 'nothing was changed: this was a dry run')
    await confirm(terminal, `Move ${counted(moved.length, 'committed offset')} of ${groupId}?`, options.yes === true)
    partOutcomes(terminal, await admin.commitOffsets(groupId, moved, call)).finish()
    say(terminal, `${groupId}: ${counted(moved.length, 'offset')} moved`)
  })
}

// Its members would commit over it, and the broker takes such a commit from nobody else: UNKNOWN_MEMBER_ID would say less.
async function checkEmpty(admin: AdminApi, groupId: string, call: CallOptions): Promise<void> {
  const described = (await admin.describeGroups([groupId], call)).get(groupId)
  const members = described?.ok === true ? described.value.members.length : 0
  if (members > 0) throw new Error(`${groupId} has ${counted(members, 'member')}: stop its consumers first`)
}

type Target = (
  admin: AdminApi,
  partitions: readonly TopicPartition[],
  before: ReadonlyMap<string, number>,
  call: CallOptions,
) => Promise<TopicPartitionOffset[]>

function targetOf(options: ResetOptions): Target {
  const given = [options.toOffset, options.toTime, options.shiftBy].filter((each) => each !== undefined)
  if (given.length !== 1) throw new UsageError('say where to: one of --to-offset, --to-time or --shift-by')
  if (options.toOffset !== undefined) return toPosition(parseOffset(options.toOffset))
  if (options.toTime !== undefined) return toPosition(parseTime(options.toTime, Date.now()))
  const by = Number(options.shiftBy)
  if (!Number.isSafeInteger(by)) throw new UsageError(`--shift-by is a whole number, got '${options.shiftBy}'`)
  return shiftBy(by)
}

const toPosition =
  (position: StartPosition): Target =>
  async (admin, partitions, _before, call) => {
    const bounds = await boundsOf(admin, partitions, call)
    const atTime =
      position.kind === 'time' ? await listOffsets(admin, partitions, position.timestampMs, call) : undefined
    return partitions.map(({ topic, partition }) => {
      const name = `${topic}-${partition}`
      const [earliest, latest] = bounds.get(name) ?? [0, 0]
      const found = atTime?.get(name) ?? -1
      return { topic, partition, offset: clamp(resolvePosition(position, earliest, latest, found), earliest, latest) }
    })
  }

const shiftBy =
  (by: number): Target =>
  async (admin, partitions, before, call) => {
    const bounds = await boundsOf(admin, partitions, call)
    return partitions.flatMap(({ topic, partition }) => {
      const name = `${topic}-${partition}`
      const from = before.get(name)
      const [earliest, latest] = bounds.get(name) ?? [0, 0]
      return from === undefined ? [] : [{ topic, partition, offset: clamp(from + by, earliest, latest) }]
    })
  }

const clamp = (offset: number, earliest: number, latest: number): number => Math.min(Math.max(offset, earliest), latest)

async function boundsOf(
  admin: AdminApi,
  partitions: readonly TopicPartition[],
  call: CallOptions,
): Promise<Map<string, readonly [number, number]>> {
  const [earliest, latest] = await Promise.all([
    listOffsets(admin, partitions, 'earliest', call),
    listOffsets(admin, partitions, 'latest', call),
  ])
  return new Map([...earliest].map(([name, first]) => [name, [first, latest.get(name) ?? first] as const]))
}

async function listOffsets(
  admin: AdminApi,
  partitions: readonly TopicPartition[],
  at: OffsetSpec,
  call: CallOptions,
): Promise<Map<string, number>> {
  const asked = partitions.map((each) => ({ ...each, at }))
  const listed = allOf(await admin.listOffsets(asked, call))
  return new Map([...listed].map(([name, { offset }]) => [name, offset]))
}

async function partitionsOf(
  admin: AdminApi,
  topics: readonly string[],
  committed: readonly TopicPartition[],
  call: CallOptions,
): Promise<TopicPartition[]> {
  if (topics.length === 0) return committed.map(({ topic, partition }) => ({ topic, partition }))
  const wanted = topics.map(parseTopic)
  const outcomes = await admin.describeTopics([...new Set(wanted.map(({ topic }) => topic))], call)
  return wanted.flatMap(({ topic, partitions }) => {
    const outcome = outcomes.get(topic)
    if (outcome === undefined || !outcome.ok) throw outcome?.error ?? new Error(`the broker said nothing of ${topic}`)
    const there = outcome.value.partitions.map(({ partition }) => partition)
    const missing = partitions?.find((partition) => !there.includes(partition))
    if (missing !== undefined) throw new UsageError(`${topic} has no partition ${missing}: it has ${there.length}`)
    return (partitions ?? there).map((partition) => ({ topic, partition }))
  })
}

function parseTopic(text: string): { topic: string; partitions: number[] | undefined } {
  const [topic = '', list] = text.split(':')
  const partitions = list?.split(',').map(Number)
  if (topic !== '' && partitions?.every((partition) => Number.isSafeInteger(partition) && partition >= 0) !== false) {
    return { topic, partitions }
  }
  throw new UsageError(`expected TOPIC or TOPIC:0,1, got '${text}'`)
}
