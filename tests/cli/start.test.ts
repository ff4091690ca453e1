// `millrace start` as a process: what it prints, how it ends, and what it refuses.
import assert from 'node:assert/strict'
import type { ChildProcessByStdio } from 'node:child_process'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Readable } from 'node:stream'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { freePort } from '../interop/target/apache-kafka.ts'

const main = fileURLToPath(new URL('../../packages/millrace/src/main.ts', import.meta.url))

interface Running {
  readonly process: ChildProcessByStdio<null, Readable, Readable>
  readonly out: () => string
  readonly talk: () => string
  readonly ended: Promise<number | null>
}

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-start-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function start(t: TestContext, args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const nodeArgs = ['-C', 'millrace-source', main, 'start', ...args]
  const child = spawn(process.execPath, nodeArgs, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  let out = ''
  let talk = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (talk += chunk.toString()))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  t.after(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return { process: child, out: () => out, talk: () => talk, ended }
}

async function ready(broker: Running): Promise<string> {
  const line = new Promise<void>((resolve) => {
    const look = (): void => {
      if (broker.out().includes('\n')) resolve()
    }
    broker.process.stdout.on('data', look)
    look()
  })
  await Promise.race([line, broker.ended])
  const address = /^millrace ready: broker \d+ on (\S+)\n$/.exec(broker.out())?.[1]
  assert.ok(address !== undefined, `no ready line in '${broker.out()}'; it said: ${broker.talk()}`)
  return address
}

const quiet = ['--port', '0', '--set', 'http.listeners=']

test('start prints one ready line, serves on that address, and ends cleanly on SIGTERM', async (t) => {
  const broker = start(t, [...quiet, '--data', temporaryFolder(t)])
  const [host = '', port = ''] = (await ready(broker)).split(/:(?=\d+$)/)
  await new Promise<void>((resolve, reject) => {
    const socket = createConnection(Number(port), host, () => {
      socket.destroy()
      resolve()
    }).on('error', reject)
  })
  broker.process.kill('SIGTERM')
  assert.equal(await broker.ended, 0, broker.talk())
  assert.equal(broker.out().split('\n').length, 2, 'nothing else on standard output')
  assert.match(broker.talk(), /produce/, 'the banner says how to produce the first record')
})

test('a second start on the same data says who holds it', async (t) => {
  const data = temporaryFolder(t)
  const first = start(t, [...quiet, '--data', data])
  await ready(first)
  const second = start(t, [...quiet, '--data', data])
  assert.equal(await second.ended, 1)
  assert.match(second.talk(), new RegExp(`${first.process.pid}`))
  assert.equal(second.out(), '')
})

test('the lock on the data goes with the process, also when it is killed', async (t) => {
  const data = temporaryFolder(t)
  const first = start(t, [...quiet, '--data', data])
  await ready(first)
  first.process.kill('SIGKILL')
  await first.ended
  await ready(start(t, [...quiet, '--data', data]))
})

test('an unknown setting or a value out of range stops the start with name, value and what is valid', async (t) => {
  const data = temporaryFolder(t)
  const unknown = start(t, [...quiet, '--data', data, '--set', 'num.partition=3'])
  assert.equal(await unknown.ended, 2)
  assert.match(unknown.talk(), /num\.partition.*num\.partitions/)
  const wrong = start(t, [...quiet, '--data', data, '--set', 'num.partitions=0'])
  assert.equal(await wrong.ended, 2)
  assert.match(wrong.talk(), /Invalid value 0 for configuration num\.partitions.*\[1,\.\.\.\]/)
})

test('settings come from the file, the environment and the command line, the last of them first', async (t) => {
  const folder = temporaryFolder(t)
  const config = join(folder, 'server.properties')
  writeFileSync(config, `log.dirs=${join(folder, 'fromfile')}\nnode.id=5\n`)
  const env = { KAFKA_NODE_ID: '6', KAFKA_HEAP_OPTS: '-Xmx1G', KAFKA_PORT: 'tcp://10.0.0.1:9092' }
  const broker = start(t, [...quiet, '--config', config, '--set', 'node.id=7'], env)
  await ready(broker)
  assert.match(broker.out(), /broker 7 on/)
  assert.match(broker.talk(), /KAFKA_PORT/)
  assert.doesNotMatch(broker.talk(), /KAFKA_HEAP_OPTS/)
})

test('a broker goes on when whoever read its output and its log goes away', async (t) => {
  const port = await freePort()
  const broker = start(t, ['--port', String(port), '--set', 'http.listeners=', '--data', temporaryFolder(t)])
  broker.process.stdout.destroy()
  broker.process.stderr.destroy()
  const isServed = (): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = createConnection(port, '127.0.0.1', () => socket.end(() => resolve(true)))
      socket.on('error', () => resolve(false))
    })
  for (let tries = 0; tries < 1_000 && !(await isServed()); tries += 1) await delay(50)
  // The ready line and the banner have found nobody by now.
  await delay(200)
  assert.equal(await isServed(), true)
  broker.process.kill('SIGTERM')
  assert.equal(await new Promise((resolve) => broker.process.once('exit', resolve)), 0)
})

test('a file of settings that is not there stops the start and says which', async (t) => {
  const broker = start(t, [...quiet, '--config', join(temporaryFolder(t), 'nowhere.properties')])
  assert.equal(await broker.ended, 2)
  assert.match(broker.talk(), /the settings in .*nowhere\.properties can't be read/)
})

test('a port that is taken stops the start and says which', async (t) => {
  const first = start(t, [...quiet, '--data', temporaryFolder(t)])
  const port = (await ready(first)).split(':').at(-1) ?? ''
  const second = start(t, ['--port', port, '--set', 'http.listeners=', '--data', temporaryFolder(t)])
  assert.equal(await second.ended, 1)
  assert.match(second.talk(), new RegExp(port))
})
