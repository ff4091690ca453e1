import assert from 'node:assert/strict'
import { millrace } from '../clients/millrace.ts'
import { damage } from '../damaged-record.ts'
import { collect, endsWith, type Check } from './check.ts'

export const crcOnRead: Check = {
  title: 'the CRC is checked on read: a damaged record is an error and not a record',
  async run(client, world) {
    const topic = await world.topic('crc')
    const producer = await millrace.producer(world.bootstrap, true)
    for (const value of ['before', 'damaged', 'end']) await producer.send(topic, null, Buffer.from(value))
    await producer.close()
    damage(world.dataDir, topic)
    const seen = await collect(client, world, { topic, committedOnly: false, until: endsWith('end') })
    assert.ok(!seen.values.includes('Xamaged'), 'the damaged record is shown as if it were whole')
    assert.ok(!seen.values.includes('end'), 'the damaged record is left out without a word')
    assert.match(seen.error ?? '', /crc|corrupt|checksum/i)
    return seen.error ?? ''
  },
}
