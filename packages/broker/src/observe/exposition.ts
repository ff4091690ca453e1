import type { GaugeSample, LabelValues, MetricOptions } from '@millrace/kernel'

type Kind = 'counter' | 'gauge' | 'histogram'

/** One metric as text for Prometheus: what it is, then a line for each of its samples. */
export function metricText(kind: Kind, { name, help, labels = [] }: MetricOptions, samples: readonly Sample[]): string {
  const lines = samples.map(
    ({ suffix = '', value, labels: values = [], bucket }) =>
      `${name}${suffix}${labelText(labels, values, bucket)} ${numberText(value)}\n`,
  )
  return `# HELP ${name} ${escaped(help)}\n# TYPE ${name} ${kind}\n${lines.join('')}`
}

export interface Sample extends GaugeSample {
  /** Of a histogram: `_bucket`, `_sum` or `_count`. */
  readonly suffix?: string
  /** The upper end of a histogram's bucket. */
  readonly bucket?: number
}

function labelText(names: LabelValues, values: LabelValues, bucket: number | undefined): string {
  const pairs = names.map((name, index) => `${name}="${escaped(values[index] ?? '').replaceAll('"', String.raw`\"`)}"`)
  if (bucket !== undefined) pairs.push(`le="${numberText(bucket)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

const escaped = (text: string): string => text.replaceAll('\\', String.raw`\\`).replaceAll('\n', String.raw`\n`)

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value)
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}
