/** A suite, as far as it can be chosen. */
export interface Choosable {
  readonly name: string
  /** A glob. */
  readonly files: string
  /** Runs only when it is named. */
  readonly long?: true
}

/** What runs of a suite. */
export interface Chosen<Suite> {
  readonly suite: Suite
  readonly files: readonly string[]
}

/**
 * What was asked for by name: suites by how their names begin, then files of these by a part of their own names. No suite
 * named means all that aren't long. Returns what is neither as `unknown`.
 */
export function choose<Suite extends Choosable>(
  suites: readonly Suite[],
  wanted: readonly string[],
  filesOf: (glob: string) => readonly string[],
): { readonly chosen: readonly Chosen<Suite>[]; readonly unknown: readonly string[] } {
  const isSuite = (name: string): boolean => suites.some((suite) => suite.name.startsWith(name))
  const suiteNames = wanted.filter(isSuite)
  const fileNames = wanted.filter((name) => !isSuite(name))
  const named = suites.filter((suite) =>
    suiteNames.length === 0 ? suite.long !== true : suiteNames.some((name) => suite.name.startsWith(name)),
  )
  const all = named.map((suite) => ({ suite, files: filesOf(suite.files) }))
  const unknown = fileNames.filter((name) => !all.some(({ files }) => files.some((file) => isNamed(file, name))))
  if (fileNames.length === 0) return { chosen: all, unknown }
  const chosen = all.map(({ suite, files }) => ({
    suite,
    files: files.filter((file) => fileNames.some((name) => isNamed(file, name))),
  }))
  return { chosen: chosen.filter(({ files }) => files.length > 0), unknown }
}

const isNamed = (file: string, name: string): boolean => file.slice(file.lastIndexOf('/') + 1).includes(name)
