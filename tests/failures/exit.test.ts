// A program that uses the clients ends by itself after `close`, whatever the network did, and nothing was unhandled.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { endPrograms, Program } from '../interop/process.ts'
import { until } from '@millrace/testkit/until'
import { during, faults } from './faults.ts'
import { World } from './world.ts'

const deadlineMs = 120_000

after(endPrograms)

async function start(world: World): Promise<Program> {
  const program = join(import.meta.dirname, 'all-clients.ts')
  const topic = await world.topic('work', 1)
  return new Program(process.execPath, ['-C', 'millrace-source', program, world.bootstrap, topic])
}

const closing = (program: Program): Promise<true> =>
  program.stdout.until(({ text }) => (text.includes('closing') ? true : undefined), 'it to close')

async function endOf(program: Program): Promise<{ code: number | null; left: string; stderr: string }> {
  const late = new AbortController()
  const finished = await Promise.race([program.finished, sleep(deadlineMs, undefined, { signal: late.signal })])
  late.abort()
  if (finished === undefined) {
    const { stdout, stderr } = await program.end('SIGKILL')
    assert.fail(`still there ${deadlineMs / 1000} s after close; it said: ${stdout}${stderr}`)
  }
  const left = finished.stdout.split('\n').find((line) => line.startsWith('left')) ?? 'said nothing'
  return { code: finished.code, left, stderr: finished.stderr }
}

// They mostly wait.
suite('a program ends by itself, with nothing left', { concurrency: 4 }, () => {
  for (const fault of faults) {
    test(`after ${fault.name}`, async () => {
      await using world = await World.start()
      const program = await start(world)
      const disturbances = during(world.proxy, fault, closing(program))
      await until('a fault has struck', () => world.proxy.disturbances > 0)
      program.child.stdin?.end()
      assert.ok((await disturbances) > 0)
      assert.deepEqual(await endOf(program), { code: 0, left: 'left: ', stderr: '' })
    })
  }

  for (const fault of faults.filter(({ name }) => /swallow|refus|reset/.test(name))) {
    test(`when it closes during ${fault.name}`, async () => {
      await using world = await World.start()
      const program = await start(world)
      program.child.stdin?.end()
      await closing(program)
      fault.strike(world.proxy)
      assert.deepEqual(await endOf(program), { code: 0, left: 'left: ', stderr: '' })
    })
  }
})
