import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

import type { Logger } from '@millrace/kernel'
import { errorMessage } from '@millrace/kernel'

import type { Endpoint } from '../config/listeners.ts'
import { hostPort } from '../config/listeners.ts'
import type { MetricsRegistry } from './metrics.ts'
import type { ObservedBroker } from './observed-broker.ts'

export interface HttpServerOptions {
  readonly endpoints: readonly Endpoint[]
  /** Whether somebody asked for these endpoints: a port that is taken is then an error, else a line in the log. */
  readonly required: boolean
  readonly broker: Pick<ObservedBroker, 'readiness'>
  readonly metrics: MetricsRegistry
  readonly log: Logger
}

/** What operators' tools ask over HTTP: health and metrics. */
export class HttpServer {
  readonly #options: HttpServerOptions
  readonly #servers: Server[] = []

  constructor(options: HttpServerOptions) {
    this.#options = options
  }

  /** Opens the endpoints and returns their ports. */
  async listen(): Promise<readonly number[]> {
    const ports: number[] = []
    for (const endpoint of this.#options.endpoints) {
      const port = await this.#open(endpoint)
      if (port !== undefined) ports.push(port)
    }
    return ports
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#servers.splice(0).map((server) => {
        server.closeAllConnections()
        return new Promise<void>((resolve) => void server.close(() => resolve()))
      }),
    )
  }

  async #open({ host, port }: Endpoint): Promise<number | undefined> {
    const { log, required } = this.#options
    // Loaded where it is used: an import of node:http takes 30 ms, for it has all of fetch in it.
    const { createServer } = await import('node:http')
    const server = createServer((request, response) => void this.#answer(request, response))
    server.maxConnections = 100
    const where = hostPort(host, port)
    try {
      const bound = await listening(server, host, port)
      this.#servers.push(server)
      log.info(`health and metrics on http://${hostPort(host === '' ? 'localhost' : host, bound)}`)
      return bound
    } catch (error) {
      const message = `http.listeners can't listen on ${where}: ${errorMessage(error)}`
      if (required) throw new Error(message, { cause: error })
      log.warn(`${message}; going on without health checks and metrics`)
      return undefined
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { broker, metrics, log } = this.#options
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return json(response, 405, { error: 'only GET and HEAD' })
    const [path = '/'] = (request.url ?? '/').split('?')
    switch (path) {
      case '/health/live':
        return json(response, 200, { status: 'live' })
      case '/health/ready':
        return ready(response, broker.readiness())
      case '/metrics':
        return metricsText(response, metrics, log)
      case '/':
        return json(response, 200, { endpoints: ['/health/live', '/health/ready', '/metrics'] })
      default:
        return json(response, 404, { error: 'not found', endpoints: ['/health/live', '/health/ready', '/metrics'] })
    }
  }
}

const listening = (server: Server, host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? new Error('the port is taken') : error),
    )
    server.listen({ port, ...(host === '' ? {} : { host }) }, () => resolve((server.address() as AddressInfo).port))
  })

function ready(response: ServerResponse, state: ReturnType<ObservedBroker['readiness']>): void {
  if (state.ready) json(response, 200, { status: 'ready' })
  else json(response, 503, { status: 'not ready', reason: state.reason })
}

async function metricsText(response: ServerResponse, metrics: MetricsRegistry, log: Logger): Promise<void> {
  try {
    const text = await metrics.text()
    response.writeHead(200, { 'content-type': metrics.contentType }).end(text)
  } catch (error) {
    log.error(`metrics could not be read: ${errorMessage(error)}`)
    json(response, 500, { error: 'metrics could not be read' })
  }
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
}
