// The completion scripts in the shells themselves, as somebody who presses Tab has them.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startBroker } from '@millrace/broker'
import type { Broker } from '@millrace/broker'
import { Admin, Consumer, Producer } from '@millrace/client'
import { find } from '../interop/peers/peer.ts'
import { shell } from './shells.ts'

const run = promisify(execFile)
const folder = mkdtempSync(join(tmpdir(), 'millrace-completion-'))
let broker: Broker

before(async () => {
  broker = await startBroker()
  const { bootstrapServers } = broker
  await using admin = new Admin({ bootstrapServers })
  await admin.createTopics([{ name: 'orders' }, { name: 'origins' }, { name: 'stock' }])
  await using producer = new Producer({ bootstrapServers })
  await producer.send({ topic: 'orders', value: 'one' })
  await using consumer = new Consumer({
    bootstrapServers,
    groupId: 'ware:house',
    topics: ['orders'],
    autoOffsetReset: 'earliest',
  })
  for await (const record of consumer) {
    await consumer.commit(record)
    break
  }
  mkdirSync(join(folder, 'bin'))
  symlinkSync(
    fileURLToPath(new URL('../../packages/millrace/bin/millrace.js', import.meta.url)),
    join(folder, 'bin', 'millrace'),
  )
})

after(async () => {
  await broker.close()
  rmSync(folder, { recursive: true, force: true })
})

const environment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: [join(folder, 'bin'), dirname(process.execPath), process.env['PATH']].join(delimiter),
  HOME: folder,
  MILLRACE_BOOTSTRAP_SERVER: broker.bootstrapServers,
})

async function lines(command: string, args: readonly string[]): Promise<string[]> {
  const { stdout } = await run(command, args, { env: environment(), cwd: folder, timeout: 30_000 })
  return stdout.split('\n').filter((line) => line !== '')
}

// Calls what `complete` registered with what bash would set for this line; `:` and `=` cut words, as in bash.
function inBash(command: string, line: string): Promise<string[]> {
  const script = `
    source <(millrace completion bash)
    complete -p millrace | grep -q -- '-F _millrace' || exit 9
    COMP_LINE=$1 COMP_POINT=\${#1}
    _millrace
    printf '%s\\n' "\${COMPREPLY[@]}"`
  return lines(command, ['--noprofile', '--norc', '-c', script, 'bash', line])
}

// A zsh of its own behind a terminal: what Tab leaves on the line comes back through a millrace that only prints.
async function inZsh(command: string, line: string): Promise<string> {
  const script = `
    zmodload zsh/zpty
    zpty shell ${command} -f -i
    zpty -w shell 'PS1= ; TERM=dumb; autoload -U compinit; compinit -u -D; source <(millrace completion zsh)'
    zpty -w shell 'millrace() { if [[ $1 == __complete ]]; then command millrace "$@"; else print -r -- "ran[$*]"; fi }'
    zpty -w shell 'print -r re"ady"'
    zpty -r -m shell said '*ready*'
    zpty -w -n shell "$1"$'\\t'$'\\n'
    zpty -r -m shell said '*ran\\[*\\]*'
    print -r -- "$said"
    zpty -d shell`
  const { stdout } = await run(command, ['-f', '-c', script, 'zsh', line], {
    env: environment(),
    cwd: folder,
    timeout: 30_000,
  })
  return /ran\[(.*?)\]/.exec(stdout)?.[1]?.trim() ?? stdout
}

const inFish = (command: string, line: string): Promise<string[]> =>
  lines(command, ['--no-config', '-c', 'millrace completion fish | source; complete -C $argv[1]', line])

const bash = await find(shell('bash'))
const zsh = await find(shell('zsh'))
const fish = await find(shell('fish'))

test('bash completes subcommands, options, values, topics and groups', { skip: bash.skip }, async () => {
  assert.ok(bash.peer !== undefined)
  const complete = (line: string): Promise<string[]> => inBash(bash.peer.command, line)
  assert.deepEqual(await complete('millrace to'), ['topic'])
  assert.deepEqual(await complete('millrace topic de'), ['delete', 'describe'])
  assert.deepEqual(await complete('millrace consume --from-b'), ['--from-beginning'])
  assert.deepEqual(await complete('millrace produce orders --compression s'), ['snappy'])
  assert.deepEqual(await complete('millrace consume or'), ['orders', 'origins'])
  assert.deepEqual(await complete('millrace group describe '), ['ware:house'])
  assert.deepEqual(await complete('millrace group describe ware:h'), ['house'], 'bash has cut the word at the colon')
  const elsewhere = `millrace topic describe --bootstrap-server ${broker.bootstrapServers} st`
  assert.deepEqual(await complete(elsewhere), ['stock'])
})

test('zsh completes subcommands, options, topics and groups', { skip: zsh.skip }, async () => {
  assert.ok(zsh.peer !== undefined)
  const complete = (line: string): Promise<string> => inZsh(zsh.peer.command, line)
  assert.equal(await complete('millrace to'), 'topic')
  assert.equal(await complete('millrace consume --from-b'), 'consume --from-beginning')
  assert.equal(await complete('millrace consume st'), 'consume stock')
  assert.equal(await complete('millrace group describe w'), 'group describe ware:house')
})

test('fish completes subcommands, options, topics and groups', { skip: fish.skip }, async () => {
  assert.ok(fish.peer !== undefined)
  const complete = (line: string): Promise<string[]> => inFish(fish.peer.command, line)
  assert.deepEqual(await complete('millrace to'), ['topic'])
  assert.deepEqual(await complete('millrace topic de'), ['delete', 'describe'])
  assert.deepEqual(await complete('millrace consume --from-b'), ['--from-beginning'])
  assert.deepEqual(await complete('millrace consume or'), ['orders', 'origins'])
  assert.deepEqual(await complete('millrace group describe '), ['ware:house'])
})
