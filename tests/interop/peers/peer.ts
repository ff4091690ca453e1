// A client or tool of other people that tests need, and what happens where it can't be had.
export interface Peer<T> {
  readonly name: string
  // Fetches it where that is possible; throws with the reason where not.
  readonly get: () => Promise<T>
}

export interface Found<T> {
  readonly peer: T
  // For node:test's `skip` option.
  readonly skip: false
}

export interface Missing {
  readonly peer: undefined
  readonly skip: string
}

// In CI nothing may be skipped: there a missing peer fails the test file.
export async function find<T>(peer: Peer<T>): Promise<Found<T> | Missing> {
  try {
    return { peer: await peer.get(), skip: false }
  } catch (error) {
    if (process.env['CI'] === 'true') throw error
    return { peer: undefined, skip: `${peer.name} can't be had: ${firstLine(error)}` }
  }
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.split('\n', 1)[0] ?? ''
}
