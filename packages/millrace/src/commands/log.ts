import type { Command } from 'commander'
import { addLogRepair } from './log-repair.ts'
import type { Terminal } from '../terminal.ts'
import { addLogCheck } from './log-check.ts'
import { addLogDump } from './log-dump.ts'

export function addLogCommands(program: Command, terminal: Terminal): void {
  const log = program.command('log').description('look into log directories on this machine, and mend them')
  addLogCheck(log, terminal)
  addLogRepair(log, terminal)
  addLogDump(log, terminal)
}
