// docs/conformance.md, made of what a run saw.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Verdict {
  readonly check: string
  readonly client: string
  readonly passed: boolean
  /** What there is to say: of a failure what was seen instead. */
  readonly said: string
}

const root = join(import.meta.dirname, '../..')
const page = join(root, 'docs/conformance.md')
const begin = '<!-- results: written by npm run conformance -->'
const end = '<!-- end of results -->'

export function write(verdicts: readonly Verdict[], kafkaVersion: string): void {
  const [before, rest] = readFileSync(page, 'utf8').split(begin)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined) throw new Error(`${page} lacks the lines ${begin} and ${end}`)
  const date = new Date().toISOString().slice(0, 10)
  const text = `${date}, Apache Kafka ${kafkaVersion}, Node ${process.version}.\n\n${table(verdicts)}\n${failures(verdicts)}`
  writeFileSync(page, `${before}${begin}\n\n${text}\n${end}${after}`)
}

function table(verdicts: readonly Verdict[]): string {
  const names = [...new Set(verdicts.map(({ client }) => client))]
  const checks = [...new Set(verdicts.map(({ check }) => check))]
  const of = (check: string, client: string): string =>
    verdicts.find((each) => each.check === check && each.client === client)?.passed === true ? '✓' : '✗'
  const head = ['', ...names.map((name) => `${name} ${versionOf(name)}`)]
  const lines = [head, head.map((_, i) => (i === 0 ? '---' : ':---:')), ...checks.map(lineOf)]
  return lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('')

  function lineOf(check: string): string[] {
    return [check, ...names.map((name) => of(check, name))]
  }
}

function failures(verdicts: readonly Verdict[]): string {
  const failed = verdicts.filter(({ passed }) => !passed)
  if (failed.length === 0) return ''
  const lines = failed.map(({ client, check, said }) => `- **${client}**: ${check}: ${firstLine(said).trim()}.\n`)
  return `What was seen where it says ✗:\n\n${lines.join('')}`
}

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? ''

function versionOf(name: string): string {
  const manifest = join(root, 'node_modules', name, 'package.json')
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version
}
