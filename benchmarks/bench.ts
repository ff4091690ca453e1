// Runs rows against both brokers, in pairs whose order alternates.
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { withAdmin } from '../tests/interop/clients/admin.ts'
import type { RunningBroker } from '../tests/interop/target/target.ts'
import type { Contender, ContenderName } from './contenders/contender.ts'
import { touchPageCache } from './measure/page-cache.ts'
import type { Pair } from './measure/ratio.ts'
import type { Figures, FreshRow, Row, WarmRow } from './rows.ts'

export interface RowResult {
  readonly row: Row
  readonly pairs: ReadonlyMap<string, readonly Pair[]>
}

export interface Progress {
  readonly step: (text: string) => void
}

export interface BenchOptions {
  readonly contenders: readonly [Contender, Contender]
  readonly rows: readonly Row[]
  readonly pairs: number
  readonly folder: string
  readonly progress: Progress
}

export const runsOf = (options: Pick<BenchOptions, 'rows' | 'pairs'>): number => options.rows.length * options.pairs * 2

export async function bench(options: BenchOptions): Promise<RowResult[]> {
  const warm = options.rows.filter((row) => row.kind === 'warm')
  const fresh = options.rows.filter((row) => row.kind === 'fresh')
  const results = warm.length === 0 ? [] : await benchWarm(options, warm)
  for (const row of fresh) {
    results.push(await inPairs(options, row, (contender, run) => measureFresh(options, row, contender, run)))
  }
  return results
}

async function benchWarm(options: BenchOptions, rows: readonly WarmRow[]): Promise<RowResult[]> {
  const folder = mkdtempSync(join(options.folder, 'warm-'))
  const brokers = new Map<ContenderName, RunningBroker>()
  try {
    for (const contender of options.contenders) {
      brokers.set(contender.name, await contender.start(join(folder, contender.name)))
    }
    const results: RowResult[] = []
    for (const row of rows) results.push(await benchWarmRow(options, row, brokers, folder))
    return results
  } finally {
    for (const broker of brokers.values()) await broker.program.end('SIGTERM')
    rmSync(folder, { recursive: true, force: true })
  }
}

// One run of each before those that count: compilers and caches are warm.
async function benchWarmRow(
  options: BenchOptions,
  row: WarmRow,
  brokers: ReadonlyMap<ContenderName, RunningBroker>,
  folder: string,
): Promise<RowResult> {
  for (const [name, broker] of brokers) {
    options.progress.step(`${row.name}: warming ${name}`)
    await row.prepare?.(broker)
    await measureWarm(row, broker, 'warm-up', folder)
  }
  return inPairs(options, row, (contender, run) => {
    const broker = brokers.get(contender.name)
    if (broker === undefined) throw new Error(`${contender.name} does not run`)
    return measureWarm(row, broker, `${row.name}-${run}`, folder)
  })
}

async function measureWarm(row: WarmRow, broker: RunningBroker, topic: string, folder: string): Promise<Figures> {
  touchPageCache(folder, row.bytes)
  const figures = await row.measure(broker, topic)
  await withAdmin(`127.0.0.1:${broker.port}`, async (admin) => {
    if ((await admin.listTopics()).includes(topic)) await admin.deleteTopics({ topics: [topic] })
  })
  return figures
}

async function measureFresh(options: BenchOptions, row: FreshRow, contender: Contender, run: number): Promise<Figures> {
  const folder = mkdtempSync(join(options.folder, `${row.name}-${run}-`))
  let broker: RunningBroker | undefined
  try {
    touchPageCache(folder, row.bytes)
    return await row.measure(contender, join(folder, 'data'), (started) => {
      broker = started
    })
  } finally {
    await broker?.program.end('SIGTERM')
    rmSync(folder, { recursive: true, force: true })
  }
}

type Measure = (contender: Contender, run: number) => Promise<Figures>

async function inPairs(options: BenchOptions, row: Row, measure: Measure): Promise<RowResult> {
  const pairs = new Map<string, Pair[]>(row.figures.map((figure) => [figure.name, []]))
  for (let run = 0; run < options.pairs; run += 1) {
    const order = run % 2 === 0 ? options.contenders : options.contenders.toReversed()
    const figures: Partial<Record<ContenderName, Figures>> = {}
    for (const contender of order) {
      options.progress.step(`${row.name}: pair ${run + 1} of ${options.pairs}, ${contender.name}`)
      figures[contender.name] = await measure(contender, run)
    }
    for (const { name } of row.figures) {
      pairs.get(name)?.push({ millrace: figures.millrace?.[name] ?? NaN, kafka: figures.kafka?.[name] ?? NaN })
    }
  }
  return { row, pairs }
}
