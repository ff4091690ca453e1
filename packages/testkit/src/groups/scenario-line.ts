/** One command of a scenario: `join a v=9 topics=orders` is the verb join, the word a and two options. */
export interface ScenarioLine {
  readonly verb: string
  readonly words: readonly string[]
  readonly options: ReadonlyMap<string, string>
}

export function parseLine(text: string): ScenarioLine {
  const [verb = '', ...rest] = text.trim().split(/\s+/)
  const options = new Map<string, string>()
  const words: string[] = []
  for (const part of rest) {
    const at = part.indexOf('=')
    if (at > 0) options.set(part.slice(0, at), part.slice(at + 1))
    else words.push(part)
  }
  return { verb, words, options }
}

export const numberOption = (line: ScenarioLine, name: string, otherwise: number): number =>
  Number(line.options.get(name) ?? otherwise)

/** `a:x,b:y` as pairs. */
export const pairs = (text: string): [string, string][] =>
  text === '' ? [] : text.split(',').map((pair) => splitAt(pair, pair.indexOf(':')))

const splitAt = (text: string, at: number): [string, string] =>
  at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]

/** `orders-0=5` or `orders-0`: a partition's name at its last dash. */
export function parsePartition(name: string): { readonly topic: string; readonly partition: number } {
  const [topic, partition] = splitAt(name, name.lastIndexOf('-'))
  return { topic, partition: Number(partition) }
}
