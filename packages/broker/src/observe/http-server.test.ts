import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Logger } from '@millrace/kernel'

import type { HttpServerOptions } from './http-server.ts'
import { HttpServer } from './http-server.ts'
import { createMetrics } from './metrics.ts'

const lines: string[] = []
const log: Logger = {
  error: (message) => void lines.push(message),
  warn: (message) => void lines.push(message),
  info: () => {},
  debug: () => {},
  debugEnabled: false,
  child: () => log,
}

const options = (more: Partial<HttpServerOptions> = {}): HttpServerOptions => ({
  endpoints: [{ listener: 'HTTP', host: '127.0.0.1', port: 0 }],
  required: true,
  broker: { readiness: () => ({ ready: true }) },
  metrics: createMetrics({ process: false }),
  log,
  ...more,
})

const get = async (port: number | undefined, path: string, method = 'GET'): Promise<readonly [number, string]> => {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method })
  return [response.status, await response.text()]
}

test('health is live as soon as it answers, and ready only while clients are served', async (t) => {
  let ready = false
  const readiness = () => (ready ? ({ ready } as const) : ({ ready, reason: 'the log is being recovered' } as const))
  const server = new HttpServer(options({ broker: { readiness } }))
  t.after(() => server.close())
  const [port] = await server.listen()
  assert.equal((await get(port, '/health/live'))[0], 200)
  assert.deepEqual(await get(port, '/health/ready'), [
    503,
    '{"status":"not ready","reason":"the log is being recovered"}\n',
  ])
  ready = true
  assert.equal((await get(port, '/health/ready'))[0], 200)
})

test('metrics are text for Prometheus', async (t) => {
  const metrics = createMetrics({ process: false })
  metrics.gauge({ name: 'answer', help: 'the answer' }, () => 42)
  const server = new HttpServer(options({ metrics }))
  t.after(() => server.close())
  const [port] = await server.listen()
  const [status, text] = await get(port, '/metrics')
  assert.equal(status, 200)
  assert.match(text, /^answer 42$/m)
})

test('a metric that fails to be read answers 500 and is logged', async (t) => {
  const metrics = createMetrics({ process: false })
  metrics.gauge({ name: 'broken', help: 'broken' }, () => {
    throw new Error('no such log')
  })
  const server = new HttpServer(options({ metrics }))
  t.after(() => server.close())
  const [port] = await server.listen()
  assert.equal((await get(port, '/metrics'))[0], 500)
  assert.ok(lines.includes('metrics could not be read: no such log'))
})

test('other paths and methods are refused', async (t) => {
  const server = new HttpServer(options())
  t.after(() => server.close())
  const [port] = await server.listen()
  assert.equal((await get(port, '/'))[0], 200)
  assert.equal((await get(port, '/etc/passwd'))[0], 404)
  assert.equal((await get(port, '/metrics', 'POST'))[0], 405)
})

test('a port that is taken stops who asked for it, and only warns where nobody did', async (t) => {
  const first = new HttpServer(options())
  t.after(() => first.close())
  const [port = 0] = await first.listen()
  const endpoints = [{ listener: 'HTTP', host: '127.0.0.1', port }]
  await assert.rejects(new HttpServer(options({ endpoints })).listen(), /the port is taken/)
  assert.deepEqual(await new HttpServer(options({ endpoints, required: false })).listen(), [])
  assert.ok(lines.some((line) => line.endsWith('going on without health checks and metrics')))
})
