import { resolve } from 'node:path'
import type { BrokerSettings } from '../config/settings.ts'

/** `log.dirs`, or else `log.dir`, as whole paths. The metadata of the cluster lies in the first one. */
export function logDirectories(settings: BrokerSettings): readonly string[] {
  const given = settings.list('log.dirs') ?? settings.list('log.dir') ?? ['./data']
  return [...new Set(given.map((path) => resolve(path.trim())))]
}
