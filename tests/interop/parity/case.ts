// What a file of recorded facts holds: one case a line.

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }
type JsonObject = { readonly [name: string]: Json }

// A request in some versions, sent once in each, and what Apache Kafka answered. Strings in a request may stand for
// what only the run knows (see placeholders.ts).
export interface Case {
  // A sentence of behaviour.
  readonly does: string
  readonly api: string
  // `7` or `4-12`.
  readonly versions: string
  readonly request: JsonObject
  // Who asks, where the broker makes a difference.
  readonly clientId?: string
  // How long a change may take to be seen everywhere: Apache Kafka answers before that.
  readonly settleMs?: number
  readonly answers?: readonly Answered[]
}

// Versions that were answered alike are told once.
export interface Answered {
  readonly versions: string
  readonly response: Json
}

export const readCases = (text: string): Case[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Case)

export const writeCases = (cases: readonly Case[]): string => cases.map((one) => `${JSON.stringify(one)}\n`).join('')

export function versionsOf(range: string): number[] {
  const [first = 0, last = first] = range.split('-').map(Number)
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
}

export function grouped(responses: readonly { readonly version: number; readonly response: Json }[]): Answered[] {
  const groups: { first: number; last: number; response: Json; text: string }[] = []
  for (const { version, response } of responses) {
    const text = JSON.stringify(response)
    const group = groups.at(-1)
    if (group?.text === text) group.last = version
    else groups.push({ first: version, last: version, response, text })
  }
  return groups.map(({ first, last, response }) => ({
    versions: first === last ? String(first) : `${first}-${last}`,
    response,
  }))
}
