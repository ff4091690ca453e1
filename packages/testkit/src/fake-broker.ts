import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import type { AnyApi, Api, RequestFrame } from '@millrace/protocol'
import { apiVersionsApi, decodeRequestHeader, encodeResponse, FrameReader } from '@millrace/protocol'

/** What a fake broker does with a request: it has the socket, and may say anything. */
export type Act = (request: RequestFrame, socket: Socket) => void

/**
 * A broker that says what a test tells it, right or wrong, on a port of its own until the test ends. It names the APIs
 * that it was told of, and answers ApiVersions by itself where it wasn't told otherwise.
 */
export class FakeBroker {
  readonly host = '127.0.0.1'
  /** Every request that came, in order. */
  readonly seen: RequestFrame[] = []
  readonly sockets = new Set<Socket>()
  readonly #acts = new Map<number, { readonly api: AnyApi; readonly act: Act }>()
  readonly #server = createServer((socket) => this.#serve(socket))
  #port = 0

  static async start(t: Pick<TestContext, 'after'>): Promise<FakeBroker> {
    const broker = new FakeBroker()
    await broker.listen()
    t.after(() => broker.stop())
    return broker
  }

  get port(): number {
    return this.#port
  }

  get bootstrapServers(): string {
    return `${this.host}:${this.port}`
  }

  /** Answers with what comes back; nothing while that is undefined. */
  answer<Request, Response, RequestInput, ResponseInput>(
    api: Api<Request, Response, RequestInput, ResponseInput>,
    answer: (request: Request, frame: RequestFrame) => ResponseInput | undefined,
  ): void {
    this.act(api, (frame, socket) => {
      const body = answer(api.request.decode(frame.body, frame.apiVersion), frame)
      if (body !== undefined) reply(socket, api, frame, body)
    })
  }

  act(api: AnyApi, act: Act): void {
    this.#acts.set(api.key, { api, act })
  }

  /** How many requests of the API came. */
  count(api: Pick<AnyApi, 'key'>): number {
    return this.seen.filter((request) => request.api.key === api.key).length
  }

  /** Closes every connection; new ones are taken. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy()
  }

  async listen(): Promise<void> {
    this.#server.listen(this.#port, this.host)
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** No connection is taken any more, until `listen`. */
  async stop(): Promise<void> {
    this.cut()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  #serve(socket: Socket): void {
    this.sockets.add(socket)
    const frames = new FrameReader({ sizeBytesMax: 100_000_000, onFrame: (frame) => this.#take(frame, socket) })
    socket.on('data', (chunk: Buffer) => frames.push(chunk))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.sockets.delete(socket))
  }

  #take(frame: Uint8Array, socket: Socket): void {
    const request = decodeRequestHeader(frame)
    this.seen.push(request)
    const known = this.#acts.get(request.api.key)
    if (known !== undefined) known.act(request, socket)
    else if (request.api.key === apiVersionsApi.key) {
      reply(socket, apiVersionsApi, request, { errorCode: 0, apiKeys: this.#versions() })
    } else socket.destroy()
  }

  #versions(): { apiKey: number; minVersion: number; maxVersion: number }[] {
    const apis = [apiVersionsApi, ...[...this.#acts.values()].map(({ api }) => api)]
    return apis.map(({ key, minVersion, maxVersion }) => ({ apiKey: key, minVersion, maxVersion }))
  }
}

/** Answers a request as a broker does. */
export function reply<Request, Response, RequestInput, ResponseInput>(
  socket: Socket,
  api: Api<Request, Response, RequestInput, ResponseInput>,
  request: Pick<RequestFrame, 'apiVersion' | 'correlationId'>,
  body: ResponseInput,
): void {
  socket.write(Buffer.concat(encodeResponse(api, request.apiVersion, request.correlationId, body)))
}

export { lies } from './lies.ts'
