import { createRequire } from 'node:module'

// Bundled as CommonJS there is no import.meta.url, but the bundle's file name; ES modules have it the other way round.
const require = createRequire(typeof __filename === 'string' ? __filename : import.meta.url)

/**
 * A package with a native binary, or undefined where it isn't installed or has no binary for this machine: whoever asks
 * has code of their own to go on with. It is looked for when it is first asked for: loading a binary costs a start that
 * never needs it milliseconds.
 */
export function optionalPackage(name: string): () => unknown {
  let found: { readonly package: unknown } | undefined
  return () => (found ??= { package: packageOrNothing(name) }).package
}

function packageOrNothing(name: string): unknown {
  try {
    return require(name)
  } catch {
    return undefined
  }
}
