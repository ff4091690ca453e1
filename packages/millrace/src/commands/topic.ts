import type { NewTopic, TopicDescription } from '@millrace/client'
import type { Command } from 'commander'
import type { ClientOptions, ListingOptions } from '../client-options.ts'
import { collect, parseAssignment, wholeNumber, withClient, withListing } from '../client-options.ts'
import { counted } from '../output/counted.ts'
import type { Column, Row } from '../output/print.ts'
import { printRows } from '../output/print.ts'
import { allOf, partOutcomes, reportOutcomes, withAdmin } from '../session.ts'
import type { Terminal } from '../terminal.ts'
import { confirm, say, UsageError } from '../terminal.ts'

interface CreateOptions extends ClientOptions {
  readonly partitions?: number
  readonly replicationFactor?: number
  readonly config?: readonly string[]
  readonly ifNotExists?: boolean
  readonly dryRun?: boolean
}

interface AlterOptions extends ClientOptions {
  readonly partitions?: number
  readonly set?: readonly string[]
  readonly unset?: readonly string[]
  readonly dryRun?: boolean
}

interface DeleteOptions extends ClientOptions {
  readonly ifExists?: boolean
  readonly yes?: boolean
  readonly dryRun?: boolean
}

export function addTopicCommands(program: Command, terminal: Terminal): void {
  const topic = program.command('topic').description('create, list, describe, alter and delete topics')
  addCreate(topic, terminal)
  addList(topic, terminal)
  addDescribe(topic, terminal)
  addAlter(topic, terminal)
  addDelete(topic, terminal)
}

function addCreate(topic: Command, terminal: Terminal): void {
  withClient(topic.command('create <topics...>'))
    .description('create topics')
    .option('-p, --partitions <number>', 'partitions of each', wholeNumber('--partitions', 1))
    .option('-r, --replication-factor <number>', 'replicas of each partition', wholeNumber('--replication-factor', 1))
    .option('-c, --config <name=value>', 'a setting; may be repeated', collect)
    .option('--if-not-exists', 'a topic that is there already is no failure')
    .option('--dry-run', 'only have the broker check it')
    .addHelpText('after', '\nExample:\n  millrace topic create orders -p 6 -c retention.ms=86400000')
    .action((names: string[], options: CreateOptions) => createTopics(names, options, terminal))
}

function createTopics(names: readonly string[], options: CreateOptions, terminal: Terminal): Promise<void> {
  const configs = Object.fromEntries((options.config ?? []).map(parseAssignment))
  const topics = names.map((name): NewTopic => ({
    name,
    configs,
    ...(options.partitions === undefined ? {} : { partitions: options.partitions }),
    ...(options.replicationFactor === undefined ? {} : { replicationFactor: options.replicationFactor }),
  }))
  return withAdmin(options, terminal, async (admin, call) => {
    const outcomes = new Map(await admin.createTopics(topics, { ...call, validateOnly: options.dryRun === true }))
    for (const [name, outcome] of outcomes) {
      const there = !outcome.ok && outcome.error.error === 'TOPIC_ALREADY_EXISTS' && options.ifNotExists === true
      if (there && outcomes.delete(name)) say(terminal, `${name} is there already`)
    }
    const done = options.dryRun === true ? 'would be created' : 'created'
    reportOutcomes(terminal, outcomes, (name, created) => `${name} ${done}: ${sizeOf(created)}`)
  })
}

function sizeOf(topic: TopicDescription): string {
  const replicas = topic.partitions[0]?.replicas.length ?? 0
  return `${counted(topic.partitions.length, 'partition')}, ${counted(replicas, 'replica')} each`
}

function addList(topic: Command, terminal: Terminal): void {
  withListing(topic.command('list'))
    .description('list topics')
    .option('--internal', 'also those that brokers keep for themselves')
    .addHelpText(
      'after',
      '\nPrints: {name, topicId, partitions, internal}.\n\nExample:\n  millrace topic list -o ndjson | jq -r .name',
    )
    .action((options: ListingOptions & { internal?: boolean }) =>
      withAdmin(options, terminal, async (admin, call) => {
        const topics = await admin.listTopics({ ...call, includeInternal: options.internal === true })
        const rows = topics
          .toSorted((a, b) => (a.name < b.name ? -1 : 1))
          .map(({ name, topicId, partitions, internal }): Row => ({ name, topicId, partitions, internal }))
        await printRows(terminal, options.output, listColumns, rows)
      }),
    )
}

const listColumns: readonly Column[] = [
  { name: 'name' },
  { name: 'partitions', align: 'right' },
  { name: 'topicId', title: 'ID' },
]

const describeColumns: readonly Column[] = [
  { name: 'topic' },
  { name: 'partition', align: 'right' },
  { name: 'leader', align: 'right' },
  { name: 'replicas' },
  { name: 'isr' },
  { name: 'earliest', align: 'right' },
  { name: 'latest', align: 'right' },
]

function addDescribe(topic: Command, terminal: Terminal): void {
  withListing(topic.command('describe <topics...>'))
    .description('show the partitions of topics, with leader, replicas and offsets')
    .addHelpText(
      'after',
      '\nPrints: {topic, topicId, partition, leader, leaderEpoch, replicas, isr, earliest, latest} for each partition.' +
        '\n\nExample:\n  millrace topic describe orders',
    )
    .action((names: string[], options: ListingOptions) => describeTopics(names, options, terminal))
}

function describeTopics(names: readonly string[], options: ListingOptions, terminal: Terminal): Promise<void> {
  return withAdmin(options, terminal, async (admin, call) => {
    const { values, finish } = partOutcomes(terminal, await admin.describeTopics(names, call))
    const led = values.flatMap((topic) =>
      topic.partitions
        .filter((each) => each.leader !== null)
        .map(({ partition }) => ({ topic: topic.name, partition })),
    )
    const offsets = async (at: 'earliest' | 'latest'): Promise<Map<string, number>> => {
      const asked = led.map((each) => ({ ...each, at }))
      const listed = [...(await admin.listOffsets(asked, call))]
      return new Map(listed.flatMap(([name, outcome]) => (outcome.ok ? [[name, outcome.value.offset]] : [])))
    }
    const [earliest, latest] = await Promise.all([offsets('earliest'), offsets('latest')])
    const rows = values.flatMap((described) => partitionRows(described, earliest, latest))
    if (rows.length > 0 || options.output !== 'table') await printRows(terminal, options.output, describeColumns, rows)
    finish()
  })
}

function partitionRows(
  topic: TopicDescription,
  earliest: ReadonlyMap<string, number>,
  latest: ReadonlyMap<string, number>,
): Row[] {
  return topic.partitions.map(({ partition, leader, leaderEpoch, replicas, isr }) => {
    const name = `${topic.name}-${partition}`
    return {
      topic: topic.name,
      topicId: topic.topicId,
      partition,
      leader,
      leaderEpoch,
      replicas,
      isr,
      earliest: earliest.get(name) ?? null,
      latest: latest.get(name) ?? null,
    }
  })
}

function addAlter(topic: Command, terminal: Terminal): void {
  withClient(topic.command('alter <topic>'))
    .description('add partitions to a topic, or change its settings')
    .option('-p, --partitions <number>', 'partitions it shall have in all', wholeNumber('--partitions', 1))
    .option('-s, --set <name=value>', 'a setting; may be repeated', collect)
    .option('-u, --unset <name>', 'a setting to go back to its default; may be repeated', collect)
    .option('--dry-run', 'only have the broker check it')
    .addHelpText('after', '\nExample:\n  millrace topic alter orders -p 12 -s retention.ms=3600000')
    .action((name: string, options: AlterOptions) => alterTopic(name, options, terminal))
}

function alterTopic(name: string, options: AlterOptions, terminal: Terminal): Promise<void> {
  const resource = { type: 'topic', name } as const
  const sets = (options.set ?? []).map(parseAssignment)
  const changes = [
    ...sets.map(([setting, value]) => ({ resource, name: setting, operation: 'set' as const, value })),
    ...(options.unset ?? []).map((setting) => ({ resource, name: setting, operation: 'delete' as const })),
  ]
  const { partitions } = options
  if (changes.length === 0 && partitions === undefined)
    throw new UsageError('nothing to alter: say --partitions, --set or --unset')
  const validateOnly = options.dryRun === true
  return withAdmin(options, terminal, async (admin, call) => {
    if (changes.length > 0) allOf(await admin.alterConfigs(changes, { ...call, validateOnly }))
    if (partitions !== undefined) await admin.createPartitions(name, partitions, { ...call, validateOnly })
    say(terminal, validateOnly ? `${name} would be altered` : `${name} altered`)
  })
}

function addDelete(topic: Command, terminal: Terminal): void {
  withClient(topic.command('delete <topics...>'))
    .description('delete topics with all their records')
    .option('--if-exists', 'a topic that is not there is no failure')
    .option('--dry-run', 'only say what would be deleted')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', '\nExample:\n  millrace topic delete orders --yes')
    .action((names: string[], options: DeleteOptions) => deleteTopics(names, options, terminal))
}

function deleteTopics(names: readonly string[], options: DeleteOptions, terminal: Terminal): Promise<void> {
  return withAdmin(options, terminal, async (admin, call) => {
    const ignored = options.ifExists === true ? 'UNKNOWN_TOPIC_OR_PARTITION' : undefined
    const { values, finish } = partOutcomes(terminal, await admin.describeTopics(names, call), ignored)
    if (options.dryRun === true)
      for (const topic of values) say(terminal, `${topic.name} would be deleted: ${sizeOf(topic)}`)
    const there = values.map((topic) => topic.name)
    if (options.dryRun !== true && there.length > 0) {
      await confirm(terminal, `Delete ${there.join(', ')} with all records?`, options.yes === true)
      reportOutcomes(terminal, await admin.deleteTopics(there, call), (name) => `${name} deleted`)
    }
    finish()
  })
}
