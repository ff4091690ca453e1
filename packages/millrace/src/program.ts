import { Command, CommanderError } from 'commander'
import { addClusterCommand } from './commands/cluster.ts'
import { addCompletionCommand } from './commands/completion.ts'
import { addConfigCommands } from './commands/config.ts'
import { addConsumeCommand } from './commands/consume.ts'
import { addGroupCommands } from './commands/group.ts'
import { addLogCommands } from './commands/log.ts'
import { addProduceCommand } from './commands/produce.ts'
import { addStartCommand } from './commands/start.ts'
import { addTopicCommands } from './commands/topic.ts'
import type { Terminal } from './terminal.ts'
import { PartialFailure, UsageError } from './terminal.ts'
import { explain } from './output/explain.ts'
import { sayError } from './output/style.ts'
import { version } from './version.ts'

/** Exit codes that scripts can use: done, failed (the brokers said no, or weren't there), not understood. */
const exitCodes = { done: 0, failed: 1, usage: 2 } as const

const after = `
Data goes to standard output, talk to standard error.
Exit codes: 0 done, 1 failed, 2 not understood.

Example:
  millrace start &
  echo 'hello' | millrace produce greetings
  millrace consume greetings --from-beginning`

export function buildProgram(terminal: Terminal): Command {
  const program = new Command('millrace')
    .description('Kafka for people who live in TypeScript: a broker and the commands for any Kafka.')
    .version(version)
    .addHelpText('after', after)
    .showSuggestionAfterError()
    .showHelpAfterError('See --help for what there is.')
    .enablePositionalOptions()
  addStartCommand(program, terminal)
  addTopicCommands(program, terminal)
  addProduceCommand(program, terminal)
  addConsumeCommand(program, terminal)
  addGroupCommands(program, terminal)
  addConfigCommands(program, terminal)
  addClusterCommand(program, terminal)
  addLogCommands(program, terminal)
  addCompletionCommand(program, terminal)
  forEachCommand(program, (command) => {
    command.exitOverride().configureOutput({
      writeOut: (text) => void terminal.stdout.write(text),
      writeErr: (text) => void terminal.stderr.write(text),
      outputError: (text) => sayError(terminal, text.replace(/^error: /, '').trimEnd()),
    })
  })
  return program
}

function forEachCommand(command: Command, visit: (command: Command) => void): void {
  visit(command)
  for (const child of command.commands) forEachCommand(child, visit)
}

/** Runs one command line (without `node` and the script) and says how the process should exit. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    await buildProgram(terminal).parseAsync([...args], { from: 'user' })
    return exitCodes.done
  } catch (error) {
    return exitCodeOf(error, terminal)
  }
}

function exitCodeOf(error: unknown, terminal: Terminal): number {
  // Commander has said what was wrong; help and version end this way too, with 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage
  if (error instanceof PartialFailure) return error.exitCode
  sayError(terminal, explain(error))
  return error instanceof UsageError ? exitCodes.usage : exitCodes.failed
}
