import type { Random } from '@millrace/kernel'
import { seededRandom } from '@millrace/kernel'
import type { Sighting } from './log-case.ts'
import { LogCase, sightings } from './log-case.ts'
import { operations } from './operations.ts'
import { compare } from './reads.ts'

const stepsPerSeed = 60
const shrinkingRunsMax = 400

interface Step {
  readonly index: number
  readonly name: string
  /** Its own chance, so that a step does the same when others are left out. */
  readonly seed: number
}

interface Failure {
  readonly error: unknown
  /** The last step that ran. */
  readonly at: number
}

function stepsOf(seed: number): Step[] {
  const random = seededRandom(seed)
  const names = Object.entries(operations)
  const total = names.reduce((sum, [, [weight]]) => sum + weight, 0)
  return Array.from({ length: stepsPerSeed }, (_, index) => {
    let at = random.below(total)
    const [name] = names.find(([, [weight]]) => (at -= weight) < 0)!
    return { index, name, seed: random.below(2 ** 31) }
  })
}

async function attempt(
  seed: number,
  steps: readonly Step[],
  seen: Map<Sighting, number>,
): Promise<Failure | undefined> {
  let at = -1
  try {
    const one = new LogCase(seed, seen)
    const random: Random = seededRandom(seed + 7)
    for (const step of steps) {
      at = step.index
      await operations[step.name]![1](one, seededRandom(step.seed))
      if (step.index % 5 === 4) await compare(one, random)
    }
    await compare(one, random)
    if (one.segments().length > 1) one.sight('rolled segments')
    return undefined
  } catch (error) {
    return { error, at }
  }
}

/** Leaves out what isn't needed for the failure: halves first, then less. */
async function shrunk(seed: number, steps: readonly Step[], failure: Failure): Promise<[readonly Step[], Failure]> {
  let left = steps.filter(({ index }) => index <= failure.at)
  let last = failure
  let runs = 0
  for (let size = Math.ceil(left.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < left.length && runs < shrinkingRunsMax; runs += 1) {
      const fewer = left.toSpliced(from, size)
      const again = await attempt(seed, fewer, new Map())
      if (again === undefined) from += size
      else [left, last] = [fewer, again]
    }
  }
  return [left, last]
}

async function runSeed(
  seed: number,
  only: ReadonlySet<number> | undefined,
  seen: Map<Sighting, number>,
): Promise<void> {
  const steps = stepsOf(seed).filter(({ index }) => only === undefined || only.has(index))
  const failure = await attempt(seed, steps, seen)
  if (failure === undefined) return
  const [left, last] = await shrunk(seed, steps, failure)
  const trace = left.map(({ name }) => name).join(', ')
  const again = `MILLRACE_SEED=${seed} MILLRACE_STEPS=${left.map(({ index }) => index).join(',')}`
  throw new Error(`seed ${seed} fails after: ${trace}. To see it again: ${again}`, { cause: last.error })
}

export interface SeedOptions {
  readonly seeds: number
  /** From where seeds are counted. */
  readonly from?: number
}

/**
 * Drives a log and a plain model with the operations of each seed and compares them. `MILLRACE_SEED` runs one seed alone,
 * with `MILLRACE_STEPS` only those steps of it. Throws with the shortest trace that it found. Returns what was met.
 */
export async function runLogModel({ seeds, from = 1 }: SeedOptions): Promise<ReadonlyMap<Sighting, number>> {
  const env = process.env
  const one = env['MILLRACE_SEED']
  const only = env['MILLRACE_STEPS']?.split(',').map(Number)
  const seen = new Map<Sighting, number>(sightings.map((what) => [what, 0]))
  const first = one === undefined ? from : Number(one)
  const count = one === undefined ? seeds : 1
  for (let seed = first; seed < first + count; seed += 1) {
    await runSeed(seed, only === undefined ? undefined : new Set(only), seen)
  }
  return seen
}
