import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tables } from './tables.ts'

test('a run that failed and was made again is told of below the figures', () => {
  const contender = { client: 'platformatic', shape: 'single', title: 'one per call' } as const
  const measured = [[{ perSecond: 1000, cpuPerMillion: 1, peakMib: 100 }]]
  const failures = [{ client: 'platformatic', shape: 'one per call', round: 1, message: 'exit 7:\n a | b' } as const]
  const section = { broker: 'kafka', recordBytes: 100, row: 'produce', contenders: [contender] } as const
  const text = tables([{ ...section, measured, failures }])
  assert.match(
    text,
    /### Runs that failed[^#]*\| Apache Kafka \| 100 B \| @platformatic\/kafka \| one per call \| 2 \| exit 7: a \/ b \|/,
  )
  assert.doesNotMatch(tables([{ ...section, measured, failures: [] }]), /failed/)
})
