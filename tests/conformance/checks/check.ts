import type { ReadOptions, TestedClient } from '../clients/client.ts'
import type { World } from '../world.ts'

/** Something that every client has to hold. It throws with what was seen where one doesn't. */
export interface Check {
  /** A sentence of behaviour. */
  readonly title: string
  /** What it meets is chance: `npm run conformance` runs it so many times, and a client holds it where it does each time. */
  readonly rounds?: number
  /** Resolves with what there is to say of a client that passed, or nothing. */
  run(client: TestedClient, world: World): Promise<string>
}

const deadlineMs = 20_000

export interface Collected {
  readonly values: readonly string[]
  readonly partitions: readonly number[]
  /** What the reader was told; `no end in 20 s` where it wasn't told anything. */
  readonly error: string | undefined
}

type CollectOptions = Pick<ReadOptions, 'topic' | 'committedOnly'> & {
  readonly fetchBytes?: number
  readonly until: (values: readonly string[]) => boolean
}

/** All that a client shows of a topic until there is enough, it fails, or nothing more comes. */
export async function collect(client: TestedClient, world: World, options: CollectOptions): Promise<Collected> {
  const values: string[] = []
  const partitions: number[] = []
  const signal = AbortSignal.timeout(deadlineMs)
  let error: string | undefined
  try {
    await client.read({
      ...options,
      bootstrap: world.bootstrap,
      fetchBytes: options.fetchBytes ?? 1_048_576,
      signal,
      seen: (value, partition) => {
        values.push(value)
        partitions.push(partition)
        return options.until(values) ? 'enough' : 'more'
      },
    })
  } catch (thrown) {
    error = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown)
  }
  if (error === undefined && !options.until(values)) error = `no end in ${deadlineMs / 1000} s`
  return { values, partitions, error }
}

export const endsWith =
  (last: string) =>
  (values: readonly string[]): boolean =>
    values.at(-1) === last
