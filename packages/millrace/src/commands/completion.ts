import { Command } from 'commander'
import type { Terminal } from '../terminal.ts'
import { UsageError, writeData } from '../terminal.ts'
import { completionsFor } from '../completion/completions.ts'
import { completionScripts } from '../completion/scripts.ts'

const example = `
Example:
  source <(millrace completion bash)
  millrace completion fish > ~/.config/fish/completions/millrace.fish`

export function addCompletionCommand(program: Command, terminal: Terminal): void {
  program
    .command('completion <shell>')
    .description('print the completion script for bash, zsh or fish, topic and group names included')
    .addHelpText('after', example)
    .action(async (shell: string) => {
      const script = completionScripts[shell]
      if (script === undefined) {
        throw new UsageError(`no completion for '${shell}': expected ${Object.keys(completionScripts).join(', ')}`)
      }
      await writeData(terminal, script)
    })
  // What the scripts call: the words so far, the last one unfinished. Prints one candidate a line.
  program
    .command('__complete [words...]', { hidden: true })
    .allowUnknownOption()
    .passThroughOptions()
    .helpOption(false)
    .action(async (words: string[]) => {
      const candidates = await completionsFor(program, words, terminal.env)
      await writeData(terminal, candidates.map((candidate) => `${candidate}\n`).join(''))
    })
}
