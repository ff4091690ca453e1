// Shells that not every machine has: taken from it, or by apt-get where we may.
import { alone } from '../interop/peers/cache.ts'
import type { Peer } from '../interop/peers/peer.ts'
import { run, tryRun } from '../interop/process.ts'

export interface Shell {
  readonly command: string
}

export const shell = (name: 'bash' | 'zsh' | 'fish'): Peer<Shell> => ({
  name,
  async get() {
    // Locked, because apt-get refuses to run twice at a time.
    if (!(await isInstalled(name))) await alone('shells', () => installByApt(name))
    return { command: name }
  },
})

async function isInstalled(name: string): Promise<boolean> {
  try {
    return (await tryRun(name, ['-c', 'exit 0'])).code === 0
  } catch {
    return false // ENOENT: no such program
  }
}

async function installByApt(name: string): Promise<void> {
  if (await isInstalled(name)) return
  if (process.getuid?.() !== 0) throw new Error(`${name} is not installed, and only root may apt-get install it`)
  const options = { env: { DEBIAN_FRONTEND: 'noninteractive' }, timeoutMs: 3 * 60_000 }
  await run('apt-get', ['update', '-q'], options)
  await run('apt-get', ['install', '-q', '-y', '--no-install-recommends', name], options)
}
