// What Apache Kafka 4.3 answered to requests in every version is recorded in parity/*.jsonl (tools/record-parity.ts); this
// broker answers the same.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { after, suite, test } from 'node:test'
import { startBroker } from '@millrace/broker'
import { readCases } from './parity/case.ts'
import { parityFiles, paritySettings } from './parity/files.ts'
import { Player } from './parity/play.ts'

for (const file of parityFiles()) {
  suite(`as Apache Kafka answers: ${basename(file, '.jsonl')}`, async () => {
    const broker = await startBroker({ settings: { 'node.id': 1, ...paritySettings } })
    const player = new Player(broker.port)
    await player.ready()
    after(async () => {
      player.close()
      await broker.close()
    })
    for (const one of readCases(readFileSync(file, 'utf8'))) {
      test(`${one.api} ${one.versions}: ${one.does}`, async () => {
        assert.deepEqual(await player.play(one), one.answers)
      })
    }
  })
}
