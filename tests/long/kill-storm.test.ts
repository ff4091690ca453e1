// Hundreds of kills of a broker while idempotent producers write: every record that was acknowledged is there, once and in
// order, and whatever was in doubt is settled by sending it again.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from '@millrace/connection'
import { portOf, unexpectedErrors } from '../hostile/broker-under-test.ts'
import { Target } from '../interop/target/target.ts'
import { checkAllThere } from '../storm/reader.ts'
import { Writer, type Writing } from '../storm/writer.ts'

const kills = Number(process.env['KILLS'] ?? 300)
const topics = ['storm-0', 'storm-1', 'storm-2']
const writing: Writing = { keys: null, paddingBytes: 0, codecs: ['none', 'lz4'] }

const connect = (target: Target): Promise<Connection> => Connection.connect({ host: '127.0.0.1', port: portOf(target) })

async function verify(target: Target, writers: readonly Writer[]): Promise<number> {
  const connection = await connect(target)
  let count = 0
  for (const writer of writers) count += await checkAllThere(connection, writer)
  connection.close()
  return count
}

test(`${kills} times kill -9 while producing: every acknowledged record is there, in order, once`, async (t) => {
  const target = await Target.start()
  const first = await connect(target)
  const writers = await Promise.all(topics.map((topic) => Writer.create(first, topic, writing)))
  first.close()
  for (let kill = 1; kill <= kills; kill += 1) {
    const connections = await Promise.all(writers.map(() => connect(target)))
    const ended = Promise.all(writers.map((writer, i) => writer.write(connections[i]!)))
    await sleep(Math.random() * 150)
    await target.kill()
    await ended
    await target.startAgain()
    if (kill % 25 === 0) await verify(target, writers)
  }
  t.diagnostic(`${await verify(target, writers)} records`)
  assert.deepEqual(unexpectedErrors(target), [])
})
