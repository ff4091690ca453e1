import type { Command } from 'commander'
import type { ClientOptions, ListingOptions } from '../client-options.ts'
import { withClient, withListing } from '../client-options.ts'
import { counted } from '../output/counted.ts'
import type { Column, Row } from '../output/print.ts'
import { printRows } from '../output/print.ts'
import { partOutcomes, reportOutcomes, withAdmin } from '../session.ts'
import type { Terminal } from '../terminal.ts'
import { confirm, say } from '../terminal.ts'
import { groupLag } from '../groups/lag.ts'
import { addResetOffsets } from './group-reset-offsets.ts'

export function addGroupCommands(program: Command, terminal: Terminal): void {
  const group = program.command('group').description('list, describe, reset and delete consumer groups')
  addList(group, terminal)
  addDescribe(group, terminal)
  addResetOffsets(group, terminal)
  addDelete(group, terminal)
}

const listColumns: readonly Column[] = [
  { name: 'group' },
  { name: 'state' },
  { name: 'protocolType', title: 'PROTOCOL TYPE' },
]

function addList(group: Command, terminal: Terminal): void {
  withListing(group.command('list'))
    .description('list groups')
    .addHelpText('after', '\nPrints: {group, state, protocolType, type}.\n\nExample:\n  millrace group list')
    .action((options: ListingOptions) =>
      withAdmin(options, terminal, async (admin, call) => {
        const groups = await admin.listGroups(call)
        const rows = groups
          .toSorted((a, b) => (a.groupId < b.groupId ? -1 : 1))
          .map(({ groupId, state, protocolType, type }): Row => ({ group: groupId, state, protocolType, type }))
        await printRows(terminal, options.output, listColumns, rows)
      }),
    )
}

const describeColumns: readonly Column[] = [
  { name: 'group' },
  { name: 'topic' },
  { name: 'partition', align: 'right' },
  { name: 'committed', align: 'right' },
  { name: 'latest', align: 'right' },
  { name: 'lag', align: 'right' },
  { name: 'member' },
  { name: 'host' },
]

const memberColumns: readonly Column[] = [
  { name: 'group' },
  { name: 'member' },
  { name: 'instance' },
  { name: 'client' },
  { name: 'host' },
  { name: 'partitions' },
]

function addDescribe(group: Command, terminal: Terminal): void {
  withListing(group.command('describe <group>'))
    .description('show how far a group is behind, or its members')
    .option('-m, --members', 'the members and what they read')
    .addHelpText(
      'after',
      '\nPrints: {group, state, topic, partition, committed, latest, lag, member, client, host} for each partition,' +
        '\nwith --members {group, state, member, instance, client, host, partitions} for each member.' +
        '\n\nExample:\n  millrace group describe warehouse',
    )
    .action((groupId: string, options: ListingOptions & { members?: boolean }) =>
      options.members === true ? showMembers(groupId, options, terminal) : showLag(groupId, options, terminal),
    )
}

function showLag(groupId: string, options: ListingOptions, terminal: Terminal): Promise<void> {
  return withAdmin(options, terminal, async (admin, call) => {
    const { values, finish } = partOutcomes(terminal, await admin.describeGroups([groupId], call))
    for (const described of values) {
      const rows = await groupLag(admin, described, call)
      if (options.output === 'table')
        say(terminal, `${groupId}: ${described.state}, ${counted(described.members.length, 'member')}`)
      await printRows(terminal, options.output, describeColumns, rows)
    }
    finish()
  })
}

function showMembers(groupId: string, options: ListingOptions, terminal: Terminal): Promise<void> {
  return withAdmin(options, terminal, async (admin, call) => {
    const { values, finish } = partOutcomes(terminal, await admin.describeGroups([groupId], call))
    const rows = values.flatMap((described) =>
      described.members.map((member): Row => ({
        group: groupId,
        state: described.state,
        member: member.memberId,
        instance: member.groupInstanceId,
        client: member.clientId,
        host: member.clientHost,
        partitions: member.assignment.map(({ topic, partition }) => `${topic}-${partition}`),
      })),
    )
    if (rows.length > 0 || options.output !== 'table') await printRows(terminal, options.output, memberColumns, rows)
    finish()
  })
}

interface DeleteOptions extends ClientOptions {
  readonly yes?: boolean
  readonly dryRun?: boolean
}

function addDelete(group: Command, terminal: Terminal): void {
  withClient(group.command('delete <group...>'))
    .description('delete groups without members, committed offsets included')
    .option('--dry-run', 'only say what would be deleted')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', '\nExample:\n  millrace group delete warehouse --yes')
    .action((groupIds: string[], options: DeleteOptions) =>
      withAdmin(options, terminal, async (admin, call) => {
        if (options.dryRun === true) {
          const { values, finish } = partOutcomes(terminal, await admin.describeGroups(groupIds, call))
          for (const { groupId, state } of values) say(terminal, `${groupId} would be deleted (now ${state})`)
          return finish()
        }
        await confirm(terminal, `Delete ${groupIds.join(', ')} with all committed offsets?`, options.yes === true)
        reportOutcomes(terminal, await admin.deleteGroups(groupIds, call), (name) => `${name} deleted`)
      }),
    )
}
