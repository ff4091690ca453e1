import { resolve } from 'node:path'
import type { BrokerSettings } from './settings.ts'

/** `log.dirs`, or else `log.dir`, as whole paths. The metadata of the cluster lies in the first one. */
export function logDirectories(settings: BrokerSettings): readonly string[] {
  const given = settings.list('log.dirs') ?? settings.list('log.dir') ?? ['./data']
  return [...new Set(given.map(wholePath))]
}

/** `cordoned.log.dirs`, as whole paths: those of the log directories that take no new partitions. */
export function cordonedDirectories(settings: BrokerSettings): readonly string[] {
  const given = settings.list('cordoned.log.dirs') ?? []
  return given.includes(allDirectories) ? logDirectories(settings) : given.map(wholePath)
}

/** What is wrong with a value of `cordoned.log.dirs`, in Kafka's words; null is fine. */
export function cordonProblem(given: readonly string[], settings: BrokerSettings): string | null {
  if (given.includes(allDirectories)) {
    return given.length === 1 ? null : 'When cordoned.log.dirs is set to *, it must not contain other values'
  }
  const known = logDirectories(settings)
  const unknown = given.filter((path) => !known.includes(wholePath(path)))
  if (unknown.length === 0) return null
  return `All entries in cordoned.log.dirs must be present in log.dirs or log.dir. Missing entries: ${unknown.join(', ')}`
}

const allDirectories = '*'
const wholePath = (path: string): string => resolve(path.trim())
