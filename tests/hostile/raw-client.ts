// A client that writes whatever bytes it is told to, and requests that only a broken or hostile one would send.
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import type { Api, ErrorName, ProduceResponse } from '@millrace/protocol'
import { decodeResponse, encodeRequest, errorName, FrameReader, produceApi } from '@millrace/protocol'

/** What came of a request: Kafka's error, or a connection that the broker closed instead of answering. */
export type Verdict = ErrorName | 'closed'

export class RawClient implements Disposable {
  readonly socket: Socket
  /** Resolves when the connection is gone, whoever closed it. */
  readonly closed: Promise<void>
  readonly #frames: Uint8Array[] = []
  #wake: () => void = () => {}
  #isClosed = false
  #correlationId = 0

  private constructor(socket: Socket) {
    this.socket = socket
    const reader = new FrameReader({
      sizeBytesMax: 2 ** 31 - 1,
      onFrame: (frame) => void this.#frames.push(Uint8Array.from(frame)),
    })
    // A broker that closes while we still write makes ECONNRESET or EPIPE of it; 'close' follows.
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      reader.push(chunk)
      this.#wake()
    })
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#isClosed = true
        this.#wake()
        resolve()
      })
    })
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    const client = new RawClient(socket)
    await once(socket, 'connect')
    return client
  }

  send(...chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) this.socket.write(chunk)
  }

  /** The next response without its length; null where the connection is closed instead. */
  async response(): Promise<Uint8Array | null> {
    for (;;) {
      const frame = this.#frames.shift()
      if (frame !== undefined) return frame
      if (this.#isClosed) return null
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Sends a request as it stands, in the version said; null where the connection was closed instead of an answer. */
  async request<Req, Res, ReqIn, ResIn>(
    api: Api<Req, Res, ReqIn, ResIn>,
    version: number,
    body: ReqIn,
  ): Promise<Res | null> {
    const correlationId = this.#correlationId
    this.#correlationId += 1
    this.send(...encodeRequest(api, version, { correlationId, clientId: 'hostile' }, body))
    const frame = await this.response()
    return frame === null ? null : decodeResponse(api, version, frame).body
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }
}

/** A frame with an API key and a version, and any bytes after them. */
export function rawFrame(key: number, version: number, rest: Uint8Array): Buffer {
  const head = Buffer.alloc(8)
  head.writeInt32BE(4 + rest.length, 0)
  head.writeInt16BE(key, 4)
  head.writeInt16BE(version, 6)
  return Buffer.concat([head, rest])
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

export interface ProduceWish {
  readonly topic: string
  readonly partition?: number
  readonly records: Uint8Array | null
  readonly version?: number
  readonly acks?: number
  readonly transactionalId?: string
}

export type Produced = ProduceResponse['responses'][number]['partitionResponses'][number]

/** One partition's answer; null where the connection was closed instead. */
export async function produceRaw(client: RawClient, wish: ProduceWish): Promise<Produced | null> {
  const { topic, partition = 0, records, version = 9, acks = -1, transactionalId = null } = wish
  const topicData = [{ name: topic, partitionData: [{ index: partition, records }] }]
  const response = await client.request(produceApi, version, { transactionalId, acks, timeoutMs: 5_000, topicData })
  return response === null ? null : (response.responses[0]?.partitionResponses[0] ?? null)
}

export const verdictOf = (produced: Produced | null): Verdict =>
  produced === null ? 'closed' : errorName(produced.errorCode)

/** Produces on a connection of its own and says what came of it. */
export async function tryProduce(port: number, wish: ProduceWish): Promise<Verdict> {
  using client = await RawClient.connect(port)
  return verdictOf(await produceRaw(client, wish))
}
