import { readFileSync, writeFileSync } from 'node:fs'

const end = '<!-- end of results -->'

/** Puts `text` where the page at `path` has its results, between two lines that stay. */
export function writeBlock(path: string, command: string, text: string): void {
  const begin = `<!-- results: written by ${command} -->`
  const [before, rest] = readFileSync(path, 'utf8').split(begin)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined) throw new Error(`${path} lacks the lines ${begin} and ${end}`)
  writeFileSync(path, `${before}${begin}\n\n${text}\n${end}${after}`)
}
