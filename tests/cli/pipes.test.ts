// Commands as processes between pipes and signals: how they end, and what they leave.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Broker } from '@millrace/broker'
import { startBroker } from '@millrace/broker'
import { Admin } from '@millrace/client'
import { buildBatch } from '@millrace/protocol'
import { Output } from '../interop/process.ts'

const main = fileURLToPath(new URL('../../packages/millrace/src/main.ts', import.meta.url))
let broker: Broker
let admin: Admin

before(async () => {
  broker = await startBroker()
  admin = new Admin({ bootstrapServers: broker.bootstrapServers })
})

after(async () => {
  await admin.close()
  await broker.close()
})

function millrace(args: readonly string[]) {
  const child = spawn(process.execPath, ['-C', 'millrace-source', main, ...args], {
    env: { ...process.env, MILLRACE_BOOTSTRAP_SERVER: broker.bootstrapServers },
  })
  return { child, out: Output.of(child.stdout), talk: Output.of(child.stderr), ended: once(child, 'close') }
}

async function produce(topic: string, input: string | Buffer): Promise<void> {
  const producing = millrace(['produce', topic])
  producing.child.stdin.end(input)
  assert.deepEqual(await producing.ended, [0, null], producing.talk.text)
}

const until = (output: Output, text: string): Promise<true> =>
  output.until(({ text: said }) => (said.includes(text) ? true : undefined), JSON.stringify(text))

test('a Ctrl-C that arrives twice, as npx passes it on, ends consume with its summary, and it leaves its group', async () => {
  await produce('typed', 'one\ntwo\n')
  const consuming = millrace(['consume', 'typed', '--group', 'readers', '--from-beginning'])
  await until(consuming.out, 'two\n')
  consuming.child.kill('SIGINT')
  consuming.child.kill('SIGINT')
  assert.deepEqual(await consuming.ended, [0, null])
  assert.match(consuming.talk.text, /consumed 2 records \(6 B\) in .* records\/s/)
  const group = (await admin.describeGroups(['readers'])).get('readers')
  assert.equal(group?.ok === true && group.value.state, 'Empty')
})

test('Ctrl-C ends a produce that waits for lines with what it has produced', async () => {
  await admin.createTopics([{ name: 'waiting' }])
  const producing = millrace(['produce', 'waiting'])
  producing.child.stdin.write('one\ntwo\nunfinished')
  const reading = millrace(['consume', 'waiting', '--from-beginning'])
  await until(reading.out, 'two\n')
  for (const each of [producing, reading]) each.child.kill('SIGINT')
  assert.deepEqual(await producing.ended, [0, null])
  assert.match(producing.talk.text, /produced 2 records/)
  assert.deepEqual(await reading.ended, [0, null])
})

test('consume ends quietly when whoever reads its output goes away', async () => {
  await produce('long', Array.from({ length: 50_000 }, (_, i) => `${i}\n`).join(''))
  const consuming = millrace(['consume', 'long', '--from-beginning'])
  await until(consuming.out, '10\n')
  consuming.child.stdout.destroy()
  assert.deepEqual(await consuming.ended, [0, null])
  assert.equal(consuming.talk.text, '')
})

test('bytes that are no UTF-8 go through produce and consume as they are', async () => {
  const bytes = Buffer.from([0xff, 0x00, 0xe9, 0x0a])
  await produce('binary', bytes)
  const consuming = millrace(['consume', 'binary', '--from-beginning', '--until-end', '-o', 'ndjson'])
  assert.deepEqual(await consuming.ended, [0, null])
  assert.match(consuming.out.text, new RegExp(JSON.stringify({ base64: bytes.subarray(0, 3).toString('base64') })))
})

test('a dump of a segment ends when nobody reads on, and at Ctrl-C, without a word', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-dump-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const segment = join(folder, '00000000000000000000.log')
  const batches = Array.from({ length: 20_000 }, (_, i) => batchAt(i))
  writeFileSync(segment, Buffer.concat(batches))
  const piped = millrace(['log', 'dump', segment, '--records', '-o', 'ndjson'])
  await until(piped.out, '"offset":0')
  piped.child.stdout.destroy()
  assert.deepEqual(await piped.ended, [0, null], piped.talk.text)
  const interrupted = millrace(['log', 'dump', segment, '--records', '-o', 'ndjson'])
  await until(interrupted.out, '"offset":0')
  interrupted.child.kill('SIGINT')
  assert.deepEqual([await interrupted.ended, interrupted.talk.text], [[0, null], ''])
  assert.ok(interrupted.out.lines.length < 2 * batches.length, 'it did not go on to the end')
})

const batchAt = (baseOffset: number): Uint8Array =>
  buildBatch({ baseOffset, records: [{ key: null, value: Buffer.from('x'.repeat(300)), timestampMs: 0 }] })
