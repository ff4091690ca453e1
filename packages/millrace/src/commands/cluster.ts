import type { Command } from 'commander'
import type { ListingOptions } from '../client-options.ts'
import { withListing } from '../client-options.ts'
import { bytesText } from '../records/rate.ts'
import type { Column, Row } from '../output/print.ts'
import { printRows } from '../output/print.ts'
import { allOf, withAdmin } from '../session.ts'
import type { Terminal } from '../terminal.ts'
import { say } from '../terminal.ts'

const help = `
Prints: {id, host, port, rack, controller, partitions, bytes} for each broker.

Example:
  millrace cluster -o json | jq '.[] | select(.controller)'`

const columns: readonly Column[] = [
  { name: 'id', align: 'right' },
  { name: 'host' },
  { name: 'port', align: 'right' },
  { name: 'rack' },
  { name: 'controller' },
  { name: 'partitions', align: 'right' },
  { name: 'bytes', title: 'SIZE', align: 'right' },
]

export function addClusterCommand(program: Command, terminal: Terminal): void {
  withListing(program.command('cluster'))
    .description('show the brokers, the controller and what they hold')
    .addHelpText('after', help)
    .action((options: ListingOptions) => showCluster(options, terminal))
}

function showCluster(options: ListingOptions, terminal: Terminal): Promise<void> {
  return withAdmin(options, terminal, async (admin, call) => {
    const [cluster, directories] = await Promise.all([
      admin.describeCluster(call),
      admin.describeLogDirs(undefined, call).then(allOf),
    ])
    const rows = cluster.nodes.map((node): Row => {
      const replicas = (directories.get(node.id) ?? []).flatMap((each) => each.replicas)
      const bytes = replicas.reduce((sum, replica) => sum + replica.sizeBytes, 0)
      return {
        id: node.id,
        host: node.host,
        port: node.port,
        rack: node.rack,
        controller: node.id === cluster.controller,
        partitions: replicas.length,
        bytes: options.output === 'table' ? bytesText(bytes) : bytes,
      }
    })
    if (options.output === 'table') say(terminal, `cluster ${cluster.clusterId}`)
    await printRows(terminal, options.output, columns, rows)
  })
}
