// One load, in a process of its own: its figures are the last line of its output, as JSON.
import { extname } from 'node:path'
import { consume } from './consume.ts'
import { latency } from './latency.ts'
import type { Load, LoadClient, Measured } from './load.ts'
import { produce } from './produce.ts'

const load = JSON.parse(process.argv[2] ?? '') as Load
const { client } = (await import(`./${load.client}${extname(import.meta.filename)}`)) as {
  client: LoadClient
}
process.stdout.write(`${JSON.stringify(await measure())}\n`)
// Not all clients end their timers with `close`, and that is not what is measured here.
process.exit(0)

function measure(): Promise<Measured> {
  if (load.kind === 'produce') return produce(load, client)
  if (load.kind === 'latency') return latency(load, client)
  if (load.kind === 'consume') return consume(load, client)
  throw new Error(`no load ${load.kind} here`)
}
