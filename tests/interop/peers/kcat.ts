// kcat, which only the distributions have: taken from the machine, or by apt-get where we may.
import { alone } from './cache.ts'
import type { Peer } from './peer.ts'
import { run, tryRun } from '../process.ts'

export interface Kcat {
  readonly command: string
}

export const kcat: Peer<Kcat> = {
  name: 'kcat',
  async get() {
    // Locked, because apt-get refuses to run twice at a time.
    if (!(await isInstalled())) await alone('kcat', installByApt)
    return { command: 'kcat' }
  },
}

async function isInstalled(): Promise<boolean> {
  try {
    return (await tryRun('kcat', ['-V'])).code === 0
  } catch {
    return false // ENOENT: no such program
  }
}

async function installByApt(): Promise<void> {
  if (await isInstalled()) return
  if (process.getuid?.() !== 0) throw new Error('kcat is not installed, and only root may apt-get install it')
  const options = { env: { DEBIAN_FRONTEND: 'noninteractive' }, timeoutMs: 3 * 60_000 }
  await run('apt-get', ['update', '-q'], options)
  await run('apt-get', ['install', '-q', '-y', '--no-install-recommends', 'kcat'], options)
}
