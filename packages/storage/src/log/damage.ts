import type { LogState } from './log-state.ts'

/** Where what was durable is not whole. */
interface DamagedPlace {
  readonly path: string
  readonly position: number
  readonly offset: number
  /** What was expected there, and what is; undefined where the log ends too soon. */
  readonly reason: string | undefined
}

/** Why a partition stays offline: what is wrong, where, and how to go on. */
export function damageOf(state: LogState, place: DamagedPlace, recoveryPoint: number): string {
  const { path, position, offset, reason } = place
  const what = reason === undefined ? `${path} ends at byte ${position}` : `${path} is damaged at byte ${position}`
  const why = reason === undefined ? '' : `: ${reason}`
  return `${what}, offset ${offset}${why}, although everything before offset ${recoveryPoint} was durable. ${wayOn(state)}`
}

/** The same for a folder that holds what it can't. */
export const misplaced = (state: LogState, problem: string): string => `${problem}. ${wayOn(state)}`

const wayOn = ({ name, folder }: LogState): string =>
  `${name} stays offline, and keeps every byte: \`millrace log check ${folder}\` says what is wrong, ` +
  `\`millrace log repair ${folder}\` sets aside what is damaged and keeps the rest`
