import assert from 'node:assert/strict'
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { millrace } from '../clients/millrace.ts'
import { collect, endsWith, type Check } from './check.ts'

// One letter of a record becomes another one in the broker's file; the broker sends what its file holds.
function damage(dataDir: string, topic: string, value: string): void {
  const path = join(dataDir, `${topic}-0`, '00000000000000000000.log')
  const at = readFileSync(path).indexOf(value)
  assert.ok(at > 0, `${value} isn't in ${path}`)
  const file = openSync(path, 'r+')
  writeSync(file, 'X', at)
  closeSync(file)
}

export const crcOnRead: Check = {
  title: 'the CRC is checked on read: a damaged record is an error and not a record',
  async run(client, world) {
    const topic = await world.topic('crc')
    const producer = await millrace.producer(world.bootstrap, true)
    for (const value of ['before', 'damaged', 'end']) await producer.send(topic, null, Buffer.from(value))
    await producer.close()
    damage(world.dataDir, topic, 'damaged')
    const seen = await collect(client, world, { topic, committedOnly: false, until: endsWith('end') })
    assert.ok(!seen.values.includes('Xamaged'), 'the damaged record is shown as if it were whole')
    assert.ok(!seen.values.includes('end'), 'the damaged record is left out without a word')
    assert.match(seen.error ?? '', /crc|corrupt|checksum/i)
    return seen.error ?? ''
  },
}
