// The house rules that a machine can hold: who may import whom, and words that are banned with what to use instead.
// Closes with what breaks them and where; exit code 1 if anything does.
import { globSync, readFileSync } from 'node:fs'
import { relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Who may import whom (design: the house). Dependencies only ever point down this list. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  kernel: [],
  protocol: ['kernel'],
  metadata: ['kernel'],
  storage: ['protocol', 'kernel'],
  machines: ['protocol', 'kernel'],
  connection: ['protocol', 'kernel'],
  client: ['connection', 'protocol', 'machines', 'kernel'],
  broker: ['connection', 'machines', 'storage', 'metadata', 'protocol', 'kernel'],
  millrace: ['broker', 'client', 'connection', 'machines', 'storage', 'metadata', 'protocol', 'kernel'],
  testkit: ['millrace', 'broker', 'client', 'connection', 'machines', 'storage', 'metadata', 'protocol', 'kernel'],
}

interface WordRule {
  readonly word: RegExp
  readonly where: RegExp
  readonly instead: string
}

/** Where time and chance come from outside. */
const timeless = /^packages\/(kernel|protocol|machines|storage|metadata|broker)\/src\/(?!.*\.test\.ts$|broker\.ts$)/
const source = /^packages\/[^/]+\/src\/(?!.*\.test\.ts$)/
const wordRules: readonly WordRule[] = [
  {
    word: /\bDate\.now\b|\bnew Date\(\)/,
    where: timeless,
    instead: 'take wallMs or monotonicMs of the Clock (in a machine: of env)',
  },
  { word: /\bMath\.random\b/, where: timeless, instead: 'take a Random' },
  { word: /\b(TODO|FIXME|XXX|HACK)\b/, where: /\.ts$/, instead: 'finish it, or open an issue' },
  { word: /@ts-(ignore|nocheck)/, where: /\.ts$/, instead: 'mend the type' },
  { word: /\bas unknown as\b|\bas any\b|: any(?=[,;)\]>=]|\[| =|$)/, where: source, instead: 'say the type' },
  { word: /^\s*(export )?(enum|namespace) /, where: /\.ts$/, instead: 'erasable TypeScript only' },
  {
    word: /catch\s*(\([^)]*\))?\s*\{\s*\}/,
    where: source,
    instead: 'handle the error, or say why there is nothing to do',
  },
]

const bannedFileNames = /(^|[-/])(utils?|helpers?|common|misc)\.ts$/

/** One breach of a rule: where it is and what to do. */
export interface Breach {
  readonly file: string
  readonly line: number
  readonly message: string
}

/** What breaks the house rules in one file, given by its path from the root of the repository. */
export function breachesOf(file: string, text: string): Breach[] {
  const name = bannedFileNames.test(file)
    ? [{ file, line: 1, message: 'a file is named after the one thing it holds' }]
    : []
  return [...name, ...text.split('\n').flatMap((line, index) => breachesOfLine(file, line, index + 1))]
}

function breachesOfLine(file: string, text: string, line: number): Breach[] {
  const words = wordRules
    .filter((rule) => rule.where.test(file) && rule.word.test(text))
    .map((rule) => ({ file, line, message: `${text.trim().slice(0, 60)} — ${rule.instead}` }))
  const message = importBreach(file, text)
  return message === null ? words : [...words, { file, line, message }]
}

function importBreach(file: string, text: string): string | null {
  if (text.startsWith('//')) return null
  const imported = /(?:from|import)\s*\(?\s*'(@millrace\/([a-z]+)[^']*|millrace)'/.exec(text)
  const home = /^packages\/([^/]+)\//.exec(file)?.[1]
  if (imported === null || home === undefined) return null
  const target = imported[2] ?? 'millrace'
  if (home === target) return `${home} imports itself by name: use a relative path`
  const inTest = file.endsWith('.test.ts')
  if (inTest && target === 'testkit') return null
  if (mayImport[home]?.includes(target) !== true && !inTest) return `${home} must not import ${target}`
  return (imported[1]?.split('/').length ?? 0) > 2 ? `import ${target} by its index, not ${imported[1]}` : null
}

const patterns = ['packages/*/src/**/*.ts', 'tests/**/*.ts', 'tools/**/*.ts', 'benchmarks/**/*.ts', 'examples/**/*.ts']

/** Every breach in the checkout at `root`. */
export function breachesIn(root: string): Breach[] {
  return globSync(patterns, { cwd: root })
    .map((path) => path.split(sep).join('/'))
    .filter((path) => !path.includes('node_modules') && path !== 'tools/tidy.ts')
    .toSorted()
    .flatMap((path) => breachesOf(path, readFileSync(`${root}/${path}`, 'utf8')))
}

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly hasInstallScript?: boolean }>>
}

/** Nothing that `npm ci` brings may run by being installed: .npmrc lets scripts run, for our own `prepack`. */
export function installScriptsIn(lockfile: string): Breach[] {
  const { packages } = JSON.parse(lockfile) as Lockfile
  return Object.entries(packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript === true)
    .map(([name]) => ({ file: 'package-lock.json', line: 1, message: `${name} has an install script: do without it` }))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const breaches = [...breachesIn(root), ...installScriptsIn(readFileSync(`${root}/package-lock.json`, 'utf8'))]
  for (const { file, line, message } of breaches) console.error(`${relative('.', file)}:${line}: ${message}`)
  if (breaches.length > 0) process.exit(1)
}
