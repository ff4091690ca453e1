// npm run bench:client: our client beside the others, against Millrace and Apache Kafka. See ../client.md for what is
// measured and how. Each of these may be given again for more of them:
//   --broker millrace|kafka   --row produce|latency|consume   --size 100|1024
//   --client millrace|kafkajs|platformatic|librdkafka         --shape single|array|stream|record|batch
//   --rounds N (5)   --window MS (1000)   --warmup MS (500)   --linger MS (5)   --batch-size BYTES (16384)
//   --compression none|gzip   --source    everything from the checkout, not packed and installed
// Only a run of everything with at least five rounds writes the results; others print their tables.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { endPrograms } from '../../tests/interop/process.ts'
import { apacheKafkaContender } from '../contenders/apache-kafka.ts'
import { packedMillrace, sourceMillrace } from '../contenders/millrace.ts'
import { progressTo } from '../progress.ts'
import { contendersOf, type RowName } from './contenders.ts'
import { measure, type Result, type Section, type Settings } from './measure.ts'
import { besidePackages, fromCheckout } from './program.ts'
import { tables } from './report/tables.ts'
import { write } from './report/write.ts'

const several = { type: 'string', multiple: true } as const
const { values } = parseArgs({
  options: {
    broker: several,
    row: several,
    size: several,
    client: several,
    shape: several,
    rounds: { type: 'string', default: '5' },
    window: { type: 'string', default: '1000' },
    warmup: { type: 'string', default: '500' },
    linger: { type: 'string', default: '5' },
    'batch-size': { type: 'string', default: '16384' },
    compression: { type: 'string', default: 'none' },
    source: { type: 'boolean', default: false },
  },
})

const settings: Settings = {
  compression: values.compression === 'gzip' ? 'gzip' : 'none',
  lingerMs: Number(values.linger),
  batchBytes: Number(values['batch-size']),
  warmupMs: Number(values.warmup),
  windowMs: Number(values.window),
  rounds: Number(values.rounds),
}
const rows: readonly RowName[] = ['produce', 'latency', 'consume']
const sizes = [100, 1024]
const brokers = ['millrace', 'kafka'] as const
const wanted = (asked: readonly string[] | undefined, name: string | number): boolean =>
  asked?.includes(String(name)) ?? true
const refused = [
  ...(values.row ?? []).filter((name) => !rows.some((row) => row === name)),
  ...(values.broker ?? []).filter((name) => !brokers.some((broker) => broker === name)),
]
if (refused.length > 0) throw new Error(`there is no ${refused.join()}; there are ${[...rows, ...brokers].join()}`)

const sections: readonly Section[] = brokers
  .filter((broker) => wanted(values.broker, broker))
  .flatMap((broker) =>
    sizes
      .filter((size) => wanted(values.size, size))
      .flatMap((recordBytes) =>
        rows.filter((row) => wanted(values.row, row)).map((row) => ({ broker, recordBytes, row, contenders: of(row) })),
      ),
  )
  .filter(({ contenders }) => contenders.length > 0)

function of(row: RowName): Section['contenders'] {
  return contendersOf[row].filter(({ client, shape }) => wanted(values.client, client) && wanted(values.shape, shape))
}

const whole = [values.broker, values.row, values.size, values.client, values.shape].every((each) => each === undefined)
const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-client-'))
try {
  const installed = join(folder, 'install')
  const millrace = values.source
    ? sourceMillrace()
    : await packedMillrace(installed, ['kafkajs', '@platformatic/kafka'])
  const run = values.source ? fromCheckout() : besidePackages(installed)
  const runs = sections.reduce((sum, { contenders }) => sum + contenders.length * settings.rounds, 0)
  const { step } = progressTo(process.stderr, runs)
  const results: Result[] = []
  for (const contender of [millrace, apacheKafkaContender]) {
    const mine = sections.filter(({ broker }) => broker === contender.name)
    if (mine.length === 0) continue
    step(`warming ${contender.name}`)
    const broker = await contender.start(join(folder, contender.name))
    for (const section of mine) {
      results.push(await measure({ settings, folder, run, step }, section, `127.0.0.1:${broker.port}`))
    }
    await broker.program.end('SIGTERM')
  }
  step('')
  const versions = { millrace: millrace.version, kafka: apacheKafkaContender.version }
  if (whole && settings.rounds >= 5 && !values.source) write(results, settings, versions)
  process.stdout.write(tables(results))
} finally {
  endPrograms()
  rmSync(folder, { recursive: true, force: true })
}
