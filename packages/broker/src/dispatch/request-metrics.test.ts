import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostClock } from '@millrace/kernel'
import { produceApi } from '@millrace/protocol'
import { createMetrics } from '../observe/metrics.ts'
import type { Exchange } from './exchange.ts'
import { RequestMetrics } from './request-metrics.ts'

test('times of requests are there as seconds in buckets, and as the quantiles that exporters of JMX write', async () => {
  const metrics = createMetrics({ process: false })
  const host = { wallMs: () => 0, monotonicMs: () => 0, after: () => () => {} }
  const requests = new RequestMetrics(metrics, hostClock(host, assert.ifError))
  // Of a request only its size and its API are looked at.
  const exchange = { requestBytes: 10, handler: { api: produceApi } } as unknown as Exchange
  for (let i = 0; i < 98; i += 1) requests.answered(exchange, 20, 1.5)
  for (let i = 0; i < 2; i += 1) requests.answered(exchange, 20, 400)
  const text = await metrics.text()
  const name = 'kafka_network_requestmetrics_'
  assert.match(text, new RegExp(`^${name}total_time_seconds_bucket{request="Produce",le="0.0025"} 98$`, 'm'))
  assert.match(text, new RegExp(`^${name}totaltimems_count{request="Produce"} 100$`, 'm'))
  const quantile = (of: string) =>
    Number(new RegExp(`^${name}totaltimems{request="Produce",quantile="${of}"} (.+)$`, 'm').exec(text)?.[1])
  assert.ok(quantile('0.50') > 1 && quantile('0.50') < 2.5, `median ${quantile('0.50')}`)
  assert.ok(quantile('0.999') > 250 && quantile('0.999') <= 500, `0.999: ${quantile('0.999')}`)
  assert.deepEqual(
    ['0.75', '0.95', '0.98', '0.99'].map((of) => Number.isFinite(quantile(of))),
    [true, true, true, true],
  )
})
