// The commands against a broker in this process, as a person or a script would use them.
import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { after, before, test } from 'node:test'
import type { Broker } from '@millrace/broker'
import { startBroker } from '@millrace/broker'
import { run } from './program.ts'

interface Ran {
  readonly code: number
  readonly out: string
  readonly talk: string
}

let broker: Broker

before(async () => {
  broker = await startBroker()
})

after(() => broker.close())

async function millrace(args: readonly string[], input = '', signal = new AbortController().signal): Promise<Ran> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  stdin.end(input)
  const [out, talk] = [stdout.toArray(), stderr.toArray()]
  const code = await run(args, {
    stdin,
    stdout,
    stderr,
    signal,
    env: {},
    stdoutIsTerminal: false,
    stderrIsTerminal: false,
    stdinIsTerminal: false,
  })
  stdout.end()
  stderr.end()
  const text = (chunks: unknown[]): string => Buffer.concat(chunks as Buffer[]).toString()
  return { code, out: text(await out), talk: text(await talk) }
}

const ask = (args: readonly string[], input = ''): Promise<Ran> =>
  millrace([...args, '--bootstrap-server', broker.bootstrapServers], input)

async function rows<T>(args: readonly string[]): Promise<T[]> {
  const { out, code, talk } = await ask([...args, '-o', 'json'])
  assert.equal(code, 0, talk)
  return JSON.parse(out) as T[]
}

test('a topic is created, listed, described, altered and deleted', async () => {
  const created = await ask(['topic', 'create', 'life', '-p', '3', '-c', 'retention.ms=1000'])
  assert.match(created.talk, /life created: 3 partitions, 1 replica each/)
  assert.equal(created.out, '')
  const listed = await rows<{ name: string; partitions: number }>(['topic', 'list'])
  assert.equal(listed.find((topic) => topic.name === 'life')?.partitions, 3)
  assert.equal((await ask(['topic', 'alter', 'life', '-p', '5', '-s', 'retention.ms=2000'])).code, 0)
  const described = await rows<{ partition: number; leader: number; latest: number }>(['topic', 'describe', 'life'])
  assert.deepEqual(
    described.map(({ partition, latest }) => [partition, latest]),
    [0, 1, 2, 3, 4].map((partition) => [partition, 0]),
  )
  assert.match((await ask(['topic', 'delete', 'life', '--dry-run'])).talk, /life would be deleted/)
  assert.match((await ask(['topic', 'delete', 'life', '--yes'])).talk, /life deleted/)
  assert.deepEqual(await rows(['topic', 'list']), [])
})

test('what is there already, or is not there, fails with exit code 1 unless that was said to be fine', async () => {
  await ask(['topic', 'create', 'twice'])
  const again = await ask(['topic', 'create', 'twice'])
  assert.equal(again.code, 1)
  assert.match(again.talk, /twice/)
  assert.equal((await ask(['topic', 'create', 'twice', '--if-not-exists'])).code, 0)
  assert.equal((await ask(['topic', 'delete', 'nowhere', '--yes'])).code, 1)
  assert.equal((await ask(['topic', 'delete', 'nowhere', '--yes', '--if-exists'])).code, 0)
  assert.equal((await ask(['topic', 'describe', 'nowhere'])).code, 1)
})

test('a command line that is not understood ends with exit code 2 and says why', async () => {
  assert.equal((await ask(['topic', 'create', 'x', '-p', 'many'])).code, 2)
  assert.equal((await millrace(['nonsense'])).code, 2)
  await ask(['topic', 'create', 'asked'])
  assert.equal((await ask(['topic', 'delete', 'asked'])).code, 2, 'without a terminal it must be said with --yes')
  assert.match((await ask(['consume', 'x', '--from-beginning', '--offset', '3'])).talk, /say one of/)
})

test('help goes to standard output with an example', async () => {
  for (const command of [
    ['topic', 'create'],
    ['produce'],
    ['consume'],
    ['group', 'reset-offsets'],
    ['config', 'set'],
  ]) {
    const { code, out } = await millrace([...command, '--help'])
    assert.equal(code, 0)
    assert.match(out, /Examples?:/, command.join(' '))
  }
})

test('lines become records with key, headers and compression, and come out by the format', async () => {
  await ask(['topic', 'create', 'lines'])
  const args = ['produce', 'lines', '-k', ':', '-H', 'source=test', '-n', 'NULL', '-z', 'lz4']
  const produced = await ask(args, 'a:1\nb:2\na:NULL\n')
  assert.equal(produced.code, 0, produced.talk)
  assert.match(produced.talk, /produced 3 records/)
  const read = ['consume', 'lines', '--from-beginning', '--until-end']
  const { out, talk } = await ask([...read, '--format', '%t %p %o %k=%v [%h] %V\\n'])
  assert.equal(out, 'lines 0 0 a=1 [source=test] 1\nlines 0 1 b=2 [source=test] 1\nlines 0 2 a= [source=test] -1\n')
  assert.match(talk, /consumed 3 records/)
  assert.equal((await ask(['consume', 'lines', '--offset', '-1', '--until-end', '--format', '%o'])).out, '2')
  const json = await ask([...read, '-o', 'json'])
  assert.equal((JSON.parse(json.out) as unknown[]).length, 3)
})

test('how large a record may be is for the topic to say', async () => {
  const line = `${'x'.repeat(2_000_000)}\n`
  await ask(['topic', 'create', 'usual'])
  await ask(['topic', 'create', 'roomy', '-c', 'max.message.bytes=3000000'])
  const refused = await ask(['produce', 'usual'], `small\n${line}`)
  assert.equal(refused.code, 1)
  assert.match(refused.talk, /produced 1 record .*\n.*line 2: MESSAGE_TOO_LARGE/)
  await ask(['topic', 'create', 'narrow', '-c', 'max.message.bytes=2000'])
  const lines = 'a line\n'.repeat(1_000)
  assert.match((await ask(['produce', 'narrow'], lines)).talk, /produced 1,000 records/, 'a batch is cut to what fits')
  assert.equal((await ask(['produce', 'roomy'], line)).code, 0)
  assert.equal((await ask(['consume', 'roomy', '--from-beginning', '-n', '1'])).out, line)
})

test('consume -o ndjson into produce -o ndjson carries records over unchanged', async () => {
  await ask(['topic', 'create', 'from', 'to', '-p', '2'])
  const lines = [
    {
      key: 'k',
      value: { base64: Buffer.from([0xff, 0]).toString('base64') },
      headers: [],
      timestamp: 1_000,
      partition: 1,
    },
    { key: null, value: 'text', headers: [{ key: 'h', value: null }], timestamp: 2_000, partition: 0 },
    { key: 'gone', value: null, headers: [], timestamp: 3_000, partition: 1 },
  ]
  await ask(['produce', 'from', '-o', 'ndjson'], lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  const all = ['--from-beginning', '--until-end', '-o', 'ndjson']
  const first = await ask(['consume', 'from', ...all])
  await ask(['produce', 'to', '-o', 'ndjson'], first.out)
  const second = await ask(['consume', 'to', ...all])
  const sorted = (out: string): string[] => out.replaceAll('"topic":"to"', '"topic":"from"').split('\n').toSorted()
  assert.deepEqual(sorted(second.out), sorted(first.out))
  assert.equal(first.out.trimEnd().split('\n').length, 3)
})

test('a group reads on where it left off, shows its lag, and can be moved', async () => {
  await ask(['topic', 'create', 'queue'])
  await ask(['produce', 'queue'], '1\n2\n3\n')
  const read = ['consume', 'queue', '-g', 'readers', '--from-beginning']
  assert.equal((await ask([...read, '-n', '2'])).out, '1\n2\n')
  const lag = await rows<{ committed: number; latest: number; lag: number }>(['group', 'describe', 'readers'])
  assert.deepEqual(
    lag.map(({ committed, latest, lag: behind }) => [committed, latest, behind]),
    [[2, 3, 1]],
  )
  assert.equal((await ask([...read, '-n', '1'])).out, '3\n')
  const reset = ['group', 'reset-offsets', 'readers', '--to-offset', 'earliest']
  assert.match((await ask([...reset, '--dry-run'])).talk, /nothing was changed/)
  assert.equal((await ask([...reset, '--yes'])).code, 0)
  assert.equal((await ask([...read, '-n', '1'])).out, '1\n')
  const groups = await rows<{ group: string }>(['group', 'list'])
  assert.ok(groups.some(({ group }) => group === 'readers'))
  assert.match((await ask(['group', 'delete', 'readers', '--yes'])).talk, /readers deleted/)
})

test('a group that has members is not moved, and who asks is told why', async () => {
  await ask(['topic', 'create', 'busy'])
  await ask(['produce', 'busy'], '1\n')
  const stop = new AbortController()
  const joined = new Promise<void>((resolve) => {
    const forget = broker.intercept('Heartbeat', (request, next) => {
      if (request.body.groupId === 'workers') resolve()
      forget()
      return next()
    })
  })
  const at = ['--bootstrap-server', broker.bootstrapServers]
  const reading = millrace(['consume', 'busy', '-g', 'workers', ...at], '', stop.signal)
  await joined
  const moved = await ask(['group', 'reset-offsets', 'workers', '--topic', 'busy', '--to-offset', 'earliest', '--yes'])
  assert.equal(moved.code, 1)
  assert.match(moved.talk, /workers has 1 member: stop its consumers first/)
  stop.abort()
  assert.equal((await reading).code, 0)
})

test('settings are listed, set and taken back', async () => {
  await ask(['topic', 'create', 'tuned'])
  assert.equal((await ask(['config', 'set', 'topic', 'tuned', 'retention.ms=5000'])).code, 0)
  const set = await rows<{ name: string; value: string; source: string }>(['config', 'list', 'topic', 'tuned'])
  assert.deepEqual(
    set.filter(({ source }) => source === 'topic').map(({ name, value }) => [name, value]),
    [['retention.ms', '5000']],
  )
  const wrong = await ask(['config', 'set', 'topic', 'tuned', 'retention.ms=soon'])
  assert.equal(wrong.code, 1)
  assert.match(wrong.talk, /retention\.ms/)
  assert.equal((await ask(['config', 'delete', 'topic', 'tuned', 'retention.ms', '--yes'])).code, 0)
  const all = await rows<{ name: string; value: string }>(['config', 'list', 'topic', 'tuned', '--all'])
  assert.equal(all.find(({ name }) => name === 'retention.ms')?.value, '604800000')
  assert.equal(all.find(({ name }) => name === 'flush.messages')?.value, '9223372036854775807')
})

test('the cluster shows its brokers and its controller', async () => {
  const nodes = await rows<{ id: number; controller: boolean }>(['cluster'])
  assert.equal(nodes.length, 1)
  assert.equal(nodes[0]?.controller, true)
})

test('Ctrl-C ends a consume with a summary', async () => {
  await ask(['topic', 'create', 'quiet'])
  const abort = new AbortController()
  const running = millrace(['consume', 'quiet', '--bootstrap-server', broker.bootstrapServers], '', abort.signal)
  const fetched = new Promise<void>((resolve) => {
    const stop = broker.intercept('Fetch', (_request, next) => {
      stop()
      resolve()
      return next()
    })
  })
  await fetched
  abort.abort()
  const { code, talk } = await running
  assert.equal(code, 0)
  assert.match(talk, /consumed 0 records/)
})

test('a broker that is not there is said within the time allowed', async () => {
  const { code, talk } = await millrace(['topic', 'list', '--bootstrap-server', '127.0.0.1:1', '--timeout', '500ms'])
  assert.equal(code, 1)
  assert.match(talk, /127\.0\.0\.1:1/)
})

test('completion knows the topics', async () => {
  await ask(['topic', 'create', 'completed'])
  const words = ['consume', '--bootstrap-server', broker.bootstrapServers, 'compl']
  assert.equal((await millrace(['__complete', '--', ...words])).out, 'completed\n')
})
