// Writes into the files named (all by default) what Apache Kafka answers to their requests:
//   node -C millrace-source tools/record-parity.ts [FILE.jsonl]...
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startApacheKafka } from '../tests/interop/target/apache-kafka.ts'
import type { Case } from '../tests/interop/parity/case.ts'
import { readCases, writeCases } from '../tests/interop/parity/case.ts'
import { Player } from '../tests/interop/parity/play.ts'
import { parityFiles, paritySettings } from '../tests/interop/parity/files.ts'

// Apache Kafka names a coordinator before it serves.
const coordinatorsLoadMs = 3000

const files = process.argv.length > 2 ? process.argv.slice(2).map((file) => resolve(file)) : parityFiles()
for (const file of files) await record(file)

async function record(file: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-parity-'))
  const broker = await startApacheKafka({ dataDir: join(folder, 'data'), port: 0, settings: paritySettings })
  const player = new Player(broker.port, { settles: true })
  try {
    await player.ready()
    await sleep(coordinatorsLoadMs)
    const recorded: Case[] = []
    for (const one of readCases(readFileSync(file, 'utf8'))) recorded.push({ ...one, answers: await player.play(one) })
    writeFileSync(file, writeCases(recorded))
    process.stderr.write(`${file}: ${recorded.length} cases\n`)
  } finally {
    player.close()
    await broker.program.end('SIGTERM')
    rmSync(folder, { recursive: true, force: true })
  }
}
