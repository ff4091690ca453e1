// Millrace as npm installs it: every public package packed and installed together into a folder of its own.
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Program, run } from '../../tests/interop/process.ts'
import { freePort, type Launched } from '../../tests/interop/target/apache-kafka.ts'
import { readyPort } from '../../tests/interop/target/millrace.ts'
import type { RunningBroker } from '../../tests/interop/target/target.ts'
import type { Contender } from './contender.ts'

const root = join(import.meta.dirname, '../..')
const notPublished = new Set(['testkit', 'console'])

async function install(folder: string, others: readonly string[]): Promise<string> {
  mkdirSync(folder, { recursive: true })
  const minutes = { timeoutMs: 5 * 60_000 }
  const packages = readdirSync(join(root, 'packages')).filter((name) => !notPublished.has(name))
  const workspaces = packages.flatMap((name) => ['-w', `packages/${name}`])
  await run('npm', ['--prefix', root, 'pack', ...workspaces, '--pack-destination', folder], minutes)
  const tarballs = readdirSync(folder).filter((name) => name.endsWith('.tgz'))
  const paths = tarballs.map((name) => join(folder, name))
  await run(
    'npm',
    ['install', '--prefix', folder, '--no-audit', '--no-fund', '--prefer-offline', ...paths, ...others],
    minutes,
  )
  return join(folder, 'node_modules', 'millrace')
}

/** `beside` are other packages of npm's to install there, in the checkout's versions. */
export async function packedMillrace(folder: string, beside: readonly string[] = []): Promise<Contender> {
  const installed = await install(
    folder,
    beside.map((name) => `${name}@${versionHere(name)}`),
  )
  const { version } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as { version: string }
  return contender(version, [join(installed, 'bin', 'millrace.js')])
}

export function versionHere(name: string): string {
  const manifest = readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}

// For trying something out without packing it.
export const sourceMillrace = (): Contender =>
  contender('source', ['-C', 'millrace-source', join(root, 'packages/millrace/src/main.ts')])

function contender(version: string, program: readonly string[]): Contender {
  const settings = ['--set', 'http.listeners=', '--set', 'group.initial.rebalance.delay.ms=0']
  const launch = async (dataDir: string): Promise<Launched> => {
    const port = await freePort()
    const place = ['--port', String(port), '--data', dataDir]
    const startMs = performance.now()
    const node = new Program(process.execPath, [...program, 'start', ...place, ...settings])
    return { startMs, broker: { port, program: node } }
  }
  const start = async (dataDir: string): Promise<RunningBroker> => {
    const { broker } = await launch(dataDir)
    await readyPort(broker.program)
    return broker
  }
  return { name: 'millrace', version, launch, start }
}
