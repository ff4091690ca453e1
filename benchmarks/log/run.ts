// npm run bench:log: what a log costs as it grows, in partitions and in size. See ../log.md for what is measured and how.
//   --row NAME    only that row; again for more of them     --pairs N   rounds of each row (each has its own number)
//   --share S     runs of S times the size (1)              --source    Millrace from the checkout, not packed
// Runs at full size write their results; others print their tables.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { endPrograms } from '../../tests/interop/process.ts'
import { packedMillrace, sourceMillrace } from '../contenders/millrace.ts'
import { progressTo } from '../progress.ts'
import { runOf, type Run, write } from './report/write.ts'
import { markdownTable } from './report/table.ts'
import { coldRow } from './rows/cold.ts'
import { idleRow } from './rows/idle.ts'
import { partitionsRow } from './rows/partitions.ts'
import { sizeRow } from './rows/size.ts'
import { stopRow } from './rows/stop.ts'
import type { World } from './world.ts'

const { values } = parseArgs({
  options: {
    row: { type: 'string', multiple: true },
    pairs: { type: 'string' },
    share: { type: 'string', default: '1' },
    source: { type: 'boolean', default: false },
  },
})
const all = [partitionsRow, sizeRow, stopRow, idleRow, coldRow]
const unknown = values.row?.filter((name) => !all.some((row) => row.name === name)) ?? []
if (unknown.length > 0) throw new Error(`no row ${unknown.join()}; there are ${all.map((row) => row.name).join()}`)
const rows = all.filter((row) => values.row?.includes(row.name) ?? true)
const share = Number(values.share)

const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-log-'))
try {
  const millrace = values.source ? sourceMillrace() : await packedMillrace(join(folder, 'install'))
  const { step } = progressTo(process.stderr, rows.length)
  const world: World = { millrace, folder, share, step, filled: new Map() }
  const runs: Run[] = []
  for (const row of rows) {
    const rounds = values.pairs === undefined ? row.rounds : Number(values.pairs)
    const measured = await row.measure(world, rounds)
    runs.push(runOf(row, measured, { version: millrace.version, rounds, share }))
    process.stdout.write(`\n${row.title}\n\n${markdownTable(row.across, measured)}`)
  }
  if (share === 1 && !values.source) write(all, runs)
} finally {
  endPrograms()
  rmSync(folder, { recursive: true, force: true })
}
