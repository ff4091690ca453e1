import type { ConfigEntry, ConfigResource } from '@millrace/client'
import type { Command } from 'commander'
import { Argument } from 'commander'
import type { ClientOptions, ListingOptions } from '../client-options.ts'
import { parseAssignment, withClient, withListing } from '../client-options.ts'
import type { Column, Row } from '../output/print.ts'
import { printRows } from '../output/print.ts'
import { allOf, withAdmin } from '../session.ts'
import type { Terminal } from '../terminal.ts'
import { confirm, say } from '../terminal.ts'

type ResourceName = 'topic' | 'broker' | 'group'
const resourceNames: readonly ResourceName[] = ['topic', 'broker', 'group']

const columns: readonly Column[] = [
  { name: 'name' },
  { name: 'value' },
  { name: 'source' },
  { name: 'type' },
  { name: 'readOnly', title: 'READ-ONLY' },
]

// `broker ''` is the default of all brokers, which people write as `broker default`.
const resourceOf = (type: ResourceName, name: string): ConfigResource => ({
  type,
  name: type === 'broker' && name === 'default' ? '' : name,
})

export function addConfigCommands(program: Command, terminal: Terminal): void {
  const config = program.command('config').description('list, set and delete settings of topics, brokers and groups')
  addList(config, terminal)
  addSet(config, terminal)
  addDelete(config, terminal)
}

const typeArgument = (): Argument => new Argument('<type>', 'what it is a setting of').choices([...resourceNames])

function addList(config: Command, terminal: Terminal): void {
  withListing(config.command('list'))
    .description('list settings: those that were set, or all of them')
    .addArgument(typeArgument())
    .argument('<name>', "topic, group or broker id; 'default' for all brokers")
    .option('-a, --all', 'also those that have their default')
    .addHelpText(
      'after',
      '\nPrints: {name, value, source, type, readOnly, sensitive}; null for a value that is secret.' +
        '\n\nExample:\n  millrace config list topic orders --all',
    )
    .action((type: ResourceName, name: string, options: ListingOptions & { all?: boolean }) =>
      withAdmin(options, terminal, async (admin, call) => {
        const entries = await admin.describeConfigs(resourceOf(type, name), call)
        const shown = options.all === true ? entries : entries.filter(wasSet)
        await printRows(terminal, options.output, columns, shown.map(rowOf))
      }),
    )
}

const wasSet = (entry: ConfigEntry): boolean => entry.source !== 'default'

const rowOf = ({ name, value, source, type, readOnly, sensitive }: ConfigEntry): Row => ({
  name,
  value,
  source,
  type,
  readOnly,
  sensitive,
})

function addSet(config: Command, terminal: Terminal): void {
  withClient(config.command('set'))
    .description('change settings while the broker runs')
    .addArgument(typeArgument())
    .argument('<name>', "topic, group or broker id; 'default' for all brokers")
    .argument('<settings...>', 'NAME=VALUE')
    .option('--dry-run', 'only have the broker check it')
    .addHelpText('after', '\nExample:\n  millrace config set topic orders retention.ms=86400000 cleanup.policy=compact')
    .action((type: ResourceName, name: string, settings: string[], options: ClientOptions & { dryRun?: boolean }) => {
      const resource = resourceOf(type, name)
      const changes = settings
        .map(parseAssignment)
        .map(([setting, value]) => ({ resource, name: setting, operation: 'set' as const, value }))
      return withAdmin(options, terminal, async (admin, call) => {
        allOf(await admin.alterConfigs(changes, { ...call, validateOnly: options.dryRun === true }))
        say(terminal, `${type} ${name} ${options.dryRun === true ? 'would be' : 'was'} changed`)
      })
    })
}

interface DeleteOptions extends ClientOptions {
  readonly dryRun?: boolean
  readonly yes?: boolean
}

function addDelete(config: Command, terminal: Terminal): void {
  withClient(config.command('delete'))
    .description('take settings back to their default')
    .addArgument(typeArgument())
    .argument('<name>', "topic, group or broker id; 'default' for all brokers")
    .argument('<settings...>', 'names')
    .option('--dry-run', 'only have the broker check it')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', '\nExample:\n  millrace config delete topic orders retention.ms --yes')
    .action((type: ResourceName, name: string, settings: string[], options: DeleteOptions) => {
      const resource = resourceOf(type, name)
      const changes = settings.map((setting) => ({ resource, name: setting, operation: 'delete' as const }))
      return withAdmin(options, terminal, async (admin, call) => {
        if (options.dryRun !== true) {
          await confirm(
            terminal,
            `Take ${settings.join(', ')} of ${type} ${name} back to the default?`,
            options.yes === true,
          )
        }
        allOf(await admin.alterConfigs(changes, { ...call, validateOnly: options.dryRun === true }))
        say(terminal, `${type} ${name} ${options.dryRun === true ? 'would be' : 'was'} changed`)
      })
    })
}
