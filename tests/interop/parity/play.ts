// Sends the requests of recorded cases to a broker, in their order, and tells what came back.
import { setTimeout as sleep } from 'node:timers/promises'
import { apiByName, decodeResponse, encodeRequest, errorCode } from '@millrace/protocol'
import type { Answered, Case, Json } from './case.ts'
import { grouped, versionsOf } from './case.ts'
import { factsOf } from './facts.ts'
import { filledIn, Known, topicsNamed } from './placeholders.ts'
import type { Value } from './placeholders.ts'
import { Wire } from './wire.ts'

export interface PlayerOptions {
  readonly wordings?: boolean
  // Whether to wait where a case says that Apache Kafka needs it.
  readonly settles?: boolean
}

// {"raw": BYTES} is sent as it is, behind a header of version 1: a version that nobody knows, or a body cut short.
const rawBody = (body: Value): Uint8Array | undefined => {
  if (body === null || typeof body !== 'object' || !('raw' in body)) return undefined
  return body['raw'] instanceof Uint8Array ? body['raw'] : undefined
}

function rawRequest(key: number, version: number, correlationId: number, body: Uint8Array): Uint8Array[] {
  const header = Buffer.alloc(14)
  header.writeInt32BE(10 + body.length, 0)
  header.writeInt16BE(key, 4)
  header.writeInt16BE(version, 6)
  header.writeInt32BE(correlationId, 8)
  header.writeInt16BE(-1, 12)
  return [header, body]
}

const isLoading = (answer: Value): boolean =>
  answer !== null &&
  typeof answer === 'object' &&
  'errorCode' in answer &&
  answer['errorCode'] === errorCode('COORDINATOR_LOAD_IN_PROGRESS')

export class Player {
  readonly #port: number
  readonly #options: PlayerOptions
  readonly #known = new Known()
  #wire: Wire | undefined

  constructor(port: number, options: PlayerOptions = {}) {
    this.#port = port
    this.#options = options
  }

  close(): void {
    this.#wire?.close()
  }

  // Groups have a coordinator.
  async ready(): Promise<void> {
    for (;;) {
      const found = (await this.ask('FindCoordinator', 0, { key: 'any' })) as { errorCode: number }
      if (found.errorCode === 0) return
      await sleep(100)
    }
  }

  async play(one: Case): Promise<Answered[]> {
    const responses: { version: number; response: Json }[] = []
    for (const version of versionsOf(one.versions)) {
      for (const topic of topicsNamed(one.request, version)) await this.#learnId(topic)
      const request = filledIn(one.request, version, this.#known)
      const answer = await this.#askUntilLoaded(one, version, request)
      const exchange = {
        api: one.api,
        version,
        known: this.#known,
        asked: JSON.stringify(request),
        wordings: this.#options.wordings === true,
      }
      responses.push({ version, response: factsOf(answer, exchange) })
    }
    if (one.settleMs !== undefined && this.#options.settles === true) await sleep(one.settleMs)
    return grouped(responses)
  }

  // A coordinator that has just come to be answers that it is loading.
  async #askUntilLoaded(one: Case, version: number, request: Value): Promise<Value> {
    for (;;) {
      const answer = await this.ask(one.api, version, request, one.clientId)
      if (!isLoading(answer)) return answer
      await sleep(100)
    }
  }

  async ask(name: string, version: number, body: Value, clientId: string | null = null): Promise<Value> {
    const api = apiByName.get(name)
    if (api === undefined) throw new Error(`no API is called ${name}`)
    if (this.#wire?.isOpen !== true) this.#wire = await Wire.open(this.#port)
    const raw = rawBody(body)
    const answer = await this.#wire.ask((correlationId) => {
      if (raw !== undefined) return rawRequest(api.key, version, correlationId, raw)
      return encodeRequest(api, version, { correlationId, clientId }, body as never)
    })
    if (typeof answer === 'string') return answer
    // What isn't known is answered as the oldest version that is.
    return decodeResponse(api, raw === undefined ? version : 0, answer).body as Value
  }

  async #learnId(topic: string): Promise<void> {
    if (this.#known.topicIds.has(topic)) return
    const metadata = (await this.ask('Metadata', 12, {
      topics: [{ name: topic }],
      allowAutoTopicCreation: false,
    })) as { topics: { topicId: string }[] }
    const id = metadata.topics[0]?.topicId
    if (id === undefined) throw new Error(`no topic is called ${topic}`)
    this.#known.topicIds.set(topic, id)
  }
}
