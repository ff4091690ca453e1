import type { Command } from 'commander'
import { bootstrapVariable, defaultBootstrap } from '../client-options.ts'
import { groupNames, topicNames } from './live-names.ts'

/** Candidates for the last of `words` (which may be empty text), given the words before it. */
export async function completionsFor(
  program: Command,
  words: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<string[]> {
  const before = words.slice(0, -1)
  const last = words.at(-1) ?? ''
  const { command, argumentsSeen, pending } = walk(program, before)
  const candidates = last.startsWith('-')
    ? optionNames(command)
    : (pending ?? [...subcommandNames(command), ...(await argumentNames(command, argumentsSeen, before, env))])
  return candidates.filter((candidate) => candidate.startsWith(last)).toSorted()
}

interface Position {
  readonly command: Command
  /** How many arguments of the command came before. */
  readonly argumentsSeen: number
  /** Set where the word before was an option that takes a value: the values it may have. */
  readonly pending: readonly string[] | undefined
}

function walk(program: Command, words: readonly string[]): Position {
  let command = program
  let argumentsSeen = 0
  let pending: readonly string[] | undefined
  for (const word of words) {
    const child = command.commands.find((candidate) => candidate.name() === word)
    if (pending !== undefined) pending = undefined
    else if (word.startsWith('-')) pending = valuesOf(command, word)
    else if (child === undefined) argumentsSeen += 1
    else {
      command = child
      argumentsSeen = 0
    }
  }
  return { command, argumentsSeen, pending }
}

function valuesOf(command: Command, flag: string): readonly string[] | undefined {
  const option = command.options.find((candidate) => candidate.long === flag || candidate.short === flag)
  if (option === undefined || (!option.required && !option.optional)) return undefined
  return option.argChoices ?? []
}

const subcommandNames = (command: Command): string[] =>
  command
    .createHelp()
    .visibleCommands(command)
    .map((child) => child.name())

const optionNames = (command: Command): string[] =>
  command
    .createHelp()
    .visibleOptions(command)
    .flatMap((option) => option.long ?? option.short ?? [])

async function argumentNames(
  command: Command,
  argumentsSeen: number,
  words: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly string[]> {
  const known = command.registeredArguments
  const argument = known[argumentsSeen] ?? (known.at(-1)?.variadic === true ? known.at(-1) : undefined)
  if (argument === undefined) return []
  if (argument.argChoices !== undefined) return argument.argChoices
  const at = words.indexOf('--bootstrap-server')
  const bootstrap = (at >= 0 ? words[at + 1] : undefined) ?? env[bootstrapVariable] ?? defaultBootstrap
  const wantsGroup = argument.name() === 'group'
  const wantsTopic = argument.name() === 'topic' || argument.name() === 'topics'
  if (!wantsGroup && !wantsTopic) return []
  // A broker that isn't there is no reason to disturb who is typing.
  return (wantsGroup ? groupNames : topicNames)(bootstrap).catch(() => [])
}
