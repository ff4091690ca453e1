// Where fetched clients live between runs of the tests: made once, also when two test files ask at the same time.
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

const root =
  process.env['MILLRACE_PEERS_DIR'] ??
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'millrace-peers')

const lockTimeoutMs = 15 * 60_000

// One process of this machine at a time. SQLite's lock is one that the kernel drops when its holder dies.
export async function alone<T>(name: string, work: () => Promise<T>): Promise<T> {
  mkdirSync(root, { recursive: true })
  using lock = new DatabaseSync(join(root, `${name}.lock`), { timeout: lockTimeoutMs })
  lock.exec('BEGIN EXCLUSIVE')
  return await work()
}

// The folder appears under its name only when `fill` is done, so one that is there is whole.
export async function cached(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(root, name)
  if (existsSync(folder)) return folder
  return alone(name, async () => {
    if (existsSync(folder)) return folder
    const partial = `${folder}.partial`
    rmSync(partial, { recursive: true, force: true })
    mkdirSync(partial)
    await fill(partial)
    renameSync(partial, folder)
    return folder
  })
}
