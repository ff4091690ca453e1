// What npm installs for a user: compiled JavaScript and declarations, tried from an empty folder with nothing but Node.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, delimiter, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { build } from 'rolldown'
import { npmBinary } from '../../tools/npm-binary.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'millrace-packed-'))
// The Node that runs this test comes first on the path, the checkout's tools are not on it.
const path = [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter)
const env = { ...process.env, PATH: path, NODE_OPTIONS: '' }

const manifest = (file: string): { private?: boolean } =>
  JSON.parse(readFileSync(join(root, file), 'utf8')) as { private?: boolean }

before(
  () => {
    const publicPackages = globSync('packages/*/package.json', { cwd: root }).filter((file) => !manifest(file).private)
    const workspaces = publicPackages.flatMap((file) => ['-w', dirname(file)])
    execFileSync('npm', ['pack', '--pack-destination', folder, ...workspaces], { cwd: root, stdio: 'pipe' })
    writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }')
    const tarballs = globSync('*.tgz', { cwd: folder }).map((name) => `./${name}`)
    assert.equal(tarballs.length, publicPackages.length)
    execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...tarballs], {
      cwd: folder,
      stdio: 'pipe',
    })
  },
  { timeout: 240_000 },
)

after(() => rmSync(folder, { recursive: true, force: true }))

function millrace(args: readonly string[], input = ''): string {
  const command = join(folder, 'node_modules/.bin/millrace')
  return execFileSync(command, args, { cwd: folder, env, input, encoding: 'utf8', timeout: 30_000, stdio: 'pipe' })
}

test('a tarball holds compiled code and declarations, no sources and no tests', () => {
  const files = globSync('node_modules/{@millrace/*,millrace}/**/*', { cwd: folder })
  assert.ok(files.some((file) => file.endsWith('millrace/dist/main.js')))
  assert.ok(files.some((file) => file.endsWith('broker/dist/index.d.ts')))
  const unwanted = files.filter((file) => /\/src\/|\.test\.|tsbuildinfo/.test(file.replace(/.*node_modules/, '')))
  assert.deepEqual(unwanted, [])
})

test('the JavaScript of a package lies flat, the code of its worker threads beside it', () => {
  const packed = globSync('node_modules/{@millrace/*,millrace}/dist/**/*.js', { cwd: folder })
  assert.deepEqual(
    packed.filter((file) => /\/dist\/.*\//.test(file)),
    [],
  )
  const workers = globSync('packages/*/src/**/*-worker.ts', { cwd: root }).map((file) => basename(file, '.ts'))
  assert.ok(workers.length >= 2)
  const missing = workers.filter((name) => !packed.some((file) => basename(file, '.js') === name))
  assert.deepEqual(missing, [])
})

test('the installed command starts a broker that a produce and a consume go through', async () => {
  await withInstalledBroker((address) => {
    const at = ['--bootstrap-server', address]
    millrace(['produce', 'greetings', ...at, '--compression', 'zstd'], 'hello\n')
    const out = millrace(['consume', 'greetings', ...at, '--from-beginning', '--max-messages', '1'])
    assert.equal(out, 'hello\n')
  })
})

const bun = npmBinary(`@oven/bun-${process.platform}-${process.arch === 'arm64' ? 'aarch64' : 'x64'}`, '1.4.5', 'bun')
const noBun = typeof bun === 'string' ? false : bun.unavailable

test('the installed clients work in Bun, with every compression', { skip: noBun }, async () => {
  const program = programBesidePackages()
  await withInstalledBroker((address) => {
    const out = execFileSync(bun as string, [program, address], { cwd: folder, encoding: 'utf8', timeout: 60_000 })
    assert.equal(out, 'read 501 different records\n')
  })
})

test('the installed clients work bundled into one CommonJS file, with no package beside it', async (t) => {
  const alone = mkdtempSync(join(tmpdir(), 'millrace-bundle-'))
  t.after(() => rmSync(alone, { recursive: true, force: true }))
  const file = join(alone, 'bundle.cjs')
  await build({
    input: programBesidePackages(),
    platform: 'node',
    // As esbuild leaves it in CommonJS.
    transform: { define: { 'import.meta.url': 'undefined' } },
    output: { file, format: 'cjs' },
    logLevel: 'silent',
  })
  await withInstalledBroker((address) => {
    const out = execFileSync(process.execPath, [file, address], { cwd: alone, env, encoding: 'utf8', timeout: 60_000 })
    assert.equal(out, 'read 501 different records\n')
  })
})

function programBesidePackages(): string {
  const program = join(folder, 'all-clients.mjs')
  cpSync(new URL('all-clients.mjs', import.meta.url), program)
  return program
}

async function withInstalledBroker(use: (address: string) => void): Promise<void> {
  const data = mkdtempSync(join(folder, 'data-'))
  const args = ['start', '--port', '0', '--data', data, '--set', 'http.listeners=']
  const broker = spawn(join(folder, 'node_modules/.bin/millrace'), args, {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let talk = ''
  broker.stderr.on('data', (chunk: Buffer) => (talk += chunk.toString()))
  try {
    use(await readyAddress(broker.stdout))
  } catch (error) {
    throw new Error(`the broker said: ${talk}`, { cause: error })
  } finally {
    const ended = new Promise((resolve) => broker.once('exit', resolve))
    broker.kill('SIGTERM')
    await ended
  }
  assert.equal(broker.exitCode, 0, talk)
}

async function readyAddress(stdout: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: stdout })) {
    const ready = /^millrace ready: broker \d+ on (\S+)$/.exec(line)
    if (ready?.[1] !== undefined) return ready[1]
    throw new Error(`expected the ready line and nothing else, got '${line}'`)
  }
  throw new Error('the broker ended before it was ready')
}

test('a program of a user type-checks and runs', () => {
  writeFileSync(
    join(folder, 'user.ts'),
    `import { startBroker } from '@millrace/broker'
import { Producer } from '@millrace/client'
await using broker = await startBroker()
await using producer = new Producer({ bootstrapServers: broker.bootstrapServers })
const { offset }: { offset: number } = await producer.send({ topic: 't', value: 'v' })
console.log(offset)
`,
  )
  typeCheck(thisTypeScript, 'nodenext', ['user.ts'])
  const out = execFileSync(process.execPath, ['user.ts'], { cwd: folder, env, encoding: 'utf8', timeout: 30_000 })
  assert.equal(out.trim(), '0')
})

// docs/client.md says which is the oldest.
const oldest = npmBinary('typescript', '5.7.3', 'tsc')
const noOldest = typeof oldest === 'string' ? false : oldest.unavailable
const thisTypeScript = join(root, 'node_modules/typescript/bin/tsc')
const ofClient = ['admin', 'client-options', 'consumer', 'producer'].map((name) => `${name}.types.ts`)

for (const resolution of ['node16', 'nodenext', 'bundler'] as const) {
  test(`what must not compile does not, by the installed declarations: strict, ${resolution}`, () => {
    copyTypes()
    typeCheck(thisTypeScript, resolution, ofClient)
  })
}

for (const resolution of ['nodenext', 'bundler'] as const) {
  test(`... and by the oldest TypeScript: strict, ${resolution}`, { skip: noOldest }, () => {
    copyTypes()
    typeCheck(oldest as string, resolution, ofClient)
  })
}

// The programs of tests/types, which have what must not compile under @ts-expect-error.
function copyTypes(): void {
  for (const name of ofClient) cpSync(join(root, 'tests/types', name), join(folder, name))
}

const strictest = ['strict', 'exactOptionalPropertyTypes', 'noUncheckedIndexedAccess', 'verbatimModuleSyntax']

function typeCheck(tsc: string, resolution: 'node16' | 'nodenext' | 'bundler', files: readonly string[]): void {
  const module = resolution === 'bundler' ? 'esnext' : resolution
  const how = ['--noEmit', ...strictest.map((flag) => `--${flag}`), '--skipLibCheck', 'false']
  const where = ['--module', module, '--moduleResolution', resolution, '--target', 'esnext', '--lib', 'esnext']
  const node = ['--types', 'node', '--typeRoots', join(root, 'node_modules/@types')]
  try {
    const args = [tsc, ...how, ...where, ...node, ...files]
    execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8', timeout: 180_000 })
  } catch (error) {
    assert.fail(`${String(error)}\n${(error as { stdout?: string }).stdout ?? ''}`)
  }
}
