// One connection that sends any request in any version, also such as no client would send.
import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { apiVersionsApi, correlationIdOf, encodeRequest, FrameReader } from '@millrace/protocol'

const answerMs = 3000

// `late`: not even what was sent behind it is answered.
export type Answer = Uint8Array | 'nothing' | 'closed' | 'late'

export class Wire {
  readonly #socket: Socket
  readonly #waiting = new Map<number, (frame: Answer) => void>()
  #correlationId = 0

  private constructor(socket: Socket) {
    this.#socket = socket
    const frames = new FrameReader({
      sizeBytesMax: 2 ** 28,
      onFrame: (frame) => this.#waiting.get(correlationIdOf(frame))?.(frame),
    })
    socket.on('data', (chunk: Buffer) => frames.push(chunk))
    socket.on('close', () => {
      for (const settle of this.#waiting.values()) settle('closed')
    })
    socket.on('error', () => socket.destroy())
  }

  static async open(port: number): Promise<Wire> {
    const socket = connect(port, '127.0.0.1').setNoDelay(true)
    await once(socket, 'connect')
    return new Wire(socket)
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed
  }

  close(): void {
    this.#socket.destroy()
  }

  // `encode` is given the correlation id. A second request behind the first one shows that the first has no answer.
  async ask(encode: (correlationId: number) => readonly Uint8Array[]): Promise<Answer> {
    const answer = this.#send(encode)
    const behind = this.#send((correlationId) =>
      encodeRequest(apiVersionsApi, 0, { correlationId, clientId: null }, {}),
    )
    const first = await Promise.race([
      answer,
      behind.then((frame): Answer => (typeof frame === 'string' ? frame : 'nothing')),
    ])
    await behind
    return first
  }

  #send(encode: (correlationId: number) => readonly Uint8Array[]): Promise<Answer> {
    const id = (this.#correlationId += 1)
    return new Promise((resolve) => {
      const late = setTimeout(() => {
        settle('late')
        this.#socket.destroy()
      }, answerMs)
      const settle = (frame: Answer): void => {
        clearTimeout(late)
        this.#waiting.delete(id)
        resolve(frame)
      }
      if (!this.isOpen) return settle('closed')
      this.#waiting.set(id, settle)
      this.#socket.write(Buffer.concat(encode(id)))
    })
  }
}
