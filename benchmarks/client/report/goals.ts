// What our client is to reach beside the others: ratios of the same round, against the peer that was best in the median.
import { median } from '../../measure/ratio.ts'
import { titles, type Contender } from '../contenders.ts'
import type { Measured } from '../load/load.ts'
import type { Result } from '../measure.ts'

export interface GoalLine {
  readonly broker: string
  readonly figure: { readonly title: string; readonly better: 'more' | 'less'; readonly goal: number }
  readonly ratio: { readonly median: number; readonly lowest: number; readonly highest: number }
  readonly reached: boolean
  readonly against: string
}

type Metric = 'perSecond' | 'p99Ms' | 'peakMib'

interface Goal {
  readonly row: Result['row']
  readonly metric: Metric
  readonly title: string
  readonly goal: number
  readonly against: (contender: Contender) => boolean
}

const isPeer = ({ client }: Contender): boolean => client !== 'millrace'
const isJavaScript = (contender: Contender): boolean => isPeer(contender) && contender.client !== 'librdkafka'
const isPlatformatic = ({ client, shape }: Contender): boolean => client === 'platformatic' && shape !== 'stream'
const isItsStream = ({ client, shape }: Contender): boolean => client === 'platformatic' && shape === 'stream'
const isLibrdkafka = ({ client }: Contender): boolean => client === 'librdkafka'

const goals: readonly Goal[] = [
  { row: 'produce', metric: 'perSecond', title: 'produced', goal: 2, against: isPlatformatic },
  { row: 'produce', metric: 'perSecond', title: 'produced', goal: 2, against: isItsStream },
  { row: 'produce', metric: 'perSecond', title: 'produced', goal: 0.8, against: isLibrdkafka },
  { row: 'consume', metric: 'perSecond', title: 'consumed', goal: 1.5, against: isJavaScript },
  { row: 'latency', metric: 'p99Ms', title: 'p99 of send', goal: 1, against: isPeer },
  { row: 'produce', metric: 'peakMib', title: 'memory, producer', goal: 1, against: isJavaScript },
  { row: 'consume', metric: 'peakMib', title: 'memory, consumer', goal: 1, against: isJavaScript },
]

export function goalLines(results: readonly Result[]): GoalLine[] {
  return results.flatMap((result) =>
    goals.filter(({ row }) => row === result.row).flatMap((goal) => linesOf(result, goal)),
  )
}

// Each of our shapes against the peers' better one.
function linesOf(result: Result, goal: Goal): GoalLine[] {
  const better = goal.metric === 'perSecond' ? 'more' : 'less'
  const best = bestOf(result, goal, better)
  if (best === undefined) return []
  return result.contenders.flatMap((contender, i): GoalLine[] => {
    if (isPeer(contender)) return []
    const ratio = ratioOf(result.measured[i] ?? [], result.measured[best.at] ?? [], goal.metric)
    const against = `${titles[best.contender.client]}, ${best.contender.title}`
    const peer = titles[best.contender.client] + (best.contender.shape === 'stream' ? '’s stream' : '')
    const title = `${result.recordBytes} B ${goal.title}, ${contender.title} ÷ ${peer}`
    const reached = better === 'more' ? ratio.median >= goal.goal : ratio.median <= goal.goal
    return [{ broker: result.broker, figure: { title, better, goal: goal.goal }, ratio, reached, against }]
  })
}

function bestOf(result: Result, { metric, against }: Goal, better: 'more' | 'less') {
  const peers = result.contenders.flatMap((contender, at) => {
    const rounds = result.measured[at] ?? []
    return against(contender) && rounds.length > 0 ? [{ contender, at, median: medianOf(rounds, metric) }] : []
  })
  const sorted = peers.toSorted((a, b) => a.median - b.median)
  return better === 'more' ? sorted.at(-1) : sorted[0]
}

export const medianOf = (rounds: readonly Measured[], metric: keyof Measured): number =>
  median(rounds.map((each) => each[metric] ?? NaN))

function ratioOf(ours: readonly Measured[], theirs: readonly Measured[], metric: Metric): GoalLine['ratio'] {
  const ratios = ours.map((each, round) => (each[metric] ?? NaN) / (theirs[round]?.[metric] ?? NaN))
  return { median: median(ratios), lowest: Math.min(...ratios), highest: Math.max(...ratios) }
}
