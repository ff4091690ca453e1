// npm run bench: Millrace, as npm installs it, beside Apache Kafka. See README.md for what is measured and how.
//   --row NAME    only that row; again for more of them     --pairs N   pairs of each row (5)
//   --share S     runs of S times the size (1)              --source    Millrace from the checkout, not packed
// Only a run of every row at full size with at least five pairs writes the results; others print their table.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { bench, runsOf } from './bench.ts'
import { apacheKafkaContender } from './contenders/apache-kafka.ts'
import { packedMillrace, sourceMillrace } from './contenders/millrace.ts'
import { progressTo } from './progress.ts'
import { linesOf, markdownTable } from './report/table.ts'
import { write } from './report/write.ts'
import { rowsOf } from './rows.ts'

const { values } = parseArgs({
  options: {
    row: { type: 'string', multiple: true },
    pairs: { type: 'string', default: '5' },
    share: { type: 'string', default: '1' },
    source: { type: 'boolean', default: false },
  },
})
const [pairs, share] = [Number(values.pairs), Number(values.share)]
const all = rowsOf(share)
const unknown = values.row?.filter((name) => !all.some((row) => row.name === name)) ?? []
if (unknown.length > 0) throw new Error(`no row ${unknown.join()}; there are ${all.map((row) => row.name).join()}`)
const rows = all.filter((row) => values.row?.includes(row.name) ?? true)

const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
try {
  const millrace = values.source ? sourceMillrace() : await packedMillrace(join(folder, 'install'))
  const contenders = [millrace, apacheKafkaContender] as const
  const progress = progressTo(process.stderr, runsOf({ rows, pairs }))
  const results = await bench({ contenders, rows, pairs, folder, progress })
  progress.step('')
  if (rows.length === all.length && pairs >= 5 && share === 1 && !values.source) write(results, contenders, pairs)
  process.stdout.write(markdownTable(linesOf(results)))
} finally {
  rmSync(folder, { recursive: true, force: true })
}
