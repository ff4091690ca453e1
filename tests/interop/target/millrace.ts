// Millrace from the checkout's sources, started like a user does.
import { join } from 'node:path'
import { Program } from '../process.ts'
import type { BrokerOptions, RunningBroker } from './target.ts'

const main = join(import.meta.dirname, '../../../packages/millrace/src/main.ts')

export async function startMillrace(options: BrokerOptions): Promise<RunningBroker> {
  const settings = Object.entries(options.settings).flatMap(([name, value]) => ['--set', `${name}=${value}`])
  // A test of listeners says itself where they are.
  const port = 'listeners' in options.settings ? [] : ['--port', String(options.port)]
  const data = 'log.dirs' in options.settings ? [] : ['--data', options.dataDir]
  const place = [...port, ...data, '--set', 'http.listeners=']
  const node = ['-C', 'millrace-source', ...(options.nodeOptions ?? [])]
  const args = [...node, main, 'start', ...place, ...settings]
  const program = new Program(process.execPath, args)
  return { program, port: await readyPort(program) }
}

function portIn(text: string): number | undefined {
  const port = /^millrace ready: broker \d+ on \S+:(\d+)$/m.exec(text)?.[1]
  return port === undefined ? undefined : Number(port)
}

export async function readyPort(program: Program): Promise<number> {
  try {
    return await program.stdout.until((output) => portIn(output.text), 'the ready line', 20_000)
  } catch (error) {
    program.child.kill('SIGKILL')
    throw new Error(`Millrace did not start; its log:\n${program.stderr.text.slice(-4000)}`, { cause: error })
  }
}
