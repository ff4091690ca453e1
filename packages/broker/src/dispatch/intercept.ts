import type { ServedApis } from '../handlers/index.ts'
import { handlers } from '../handlers/index.ts'
import type { ConnectionInfo } from './handler.ts'

/** Name of an API that the broker serves, such as `Produce`. */
export type ApiName = keyof ServedApis

/** What a request of this API says. */
export type RequestOf<Name extends ApiName> = Parameters<ServedApis[Name]['handle']>[0]

/** What it is answered with; fields that have a default may be left out. */
export type ResponseOf<Name extends ApiName> = Exclude<Awaited<ReturnType<ServedApis[Name]['handle']>>, null>

/** What the broker answers: null is no response, which a Produce with acks=0 gets. */
export type AnswerOf<Name extends ApiName> = ResponseOf<Name> | (Name extends 'Produce' ? null : never)

/** A request on its way to its handler, as a test that intercepts it sees it. */
export interface InterceptedRequest<Name extends ApiName = ApiName> {
  readonly apiName: Name
  readonly apiVersion: number
  readonly clientId: string | null
  readonly connection: ConnectionInfo
  readonly body: RequestOf<Name>
  /** Return it instead of a response: the request is never answered. The connection stays open. */
  drop(): Dropped
  /** Return it instead of a response: the connection is cut without an answer. */
  disconnect(): Disconnected
}

// Objects, not unique symbols: TypeScript would widen those to `symbol` in what an async interceptor returns.
export interface Dropped {
  readonly outcome: 'dropped'
}
export interface Disconnected {
  readonly outcome: 'disconnected'
}
const dropped: Dropped = { outcome: 'dropped' }
const disconnected: Disconnected = { outcome: 'disconnected' }

type Intercepted<Name extends ApiName> = AnswerOf<Name> | Dropped | Disconnected

/**
 * Looks at a request, waits, and answers with what `next()` answered, with another response, with an error (throw a
 * KafkaError), with `request.drop()` or with `request.disconnect()`. `next` may be called once or not at all.
 */
export type Interceptor<Name extends ApiName> = (
  request: InterceptedRequest<Name>,
  next: () => Promise<AnswerOf<Name>>,
) => Intercepted<Name> | Promise<Intercepted<Name>>

/** An interceptor in the table of all of them: requests reach it by their API, so that it gets what it expects. */
type Step = (request: Passing, next: () => Promise<unknown>) => unknown

/** Who intercepts what; the last one to come is the first to see a request. */
export class Interceptors {
  readonly #byApi = new Map<string, Step[]>()

  /** Returns how to stop. Throws a RangeError for an API that the broker doesn't serve. */
  add<Name extends ApiName>(apiName: Name, interceptor: Interceptor<Name>): () => void {
    checkServed(apiName)
    const list = this.#byApi.get(apiName) ?? []
    this.#byApi.set(apiName, list)
    const added: Step = (request, next) =>
      interceptor(request as InterceptedRequest<Name>, next as () => Promise<AnswerOf<Name>>)
    list.unshift(added)
    return () => {
      const left = (this.#byApi.get(apiName) ?? []).filter((one) => one !== added)
      if (left.length === 0) this.#byApi.delete(apiName)
      else this.#byApi.set(apiName, left)
    }
  }

  of(apiName: string): readonly Step[] | undefined {
    return this.#byApi.size === 0 ? undefined : this.#byApi.get(apiName)
  }
}

function checkServed(apiName: string): void {
  const names = [...Object.keys(handlers), 'ApiVersions']
  if (names.includes(apiName)) return
  throw new RangeError(`intercept: no API of this name is served: got '${apiName}', expected ${names.join(', ')}`)
}

/** What an interceptor is told of a request. */
interface RequestFacts {
  readonly apiName: string
  readonly apiVersion: number
  readonly clientId: string | null
  readonly connection: ConnectionInfo
  readonly body: unknown
}

interface Passing extends RequestFacts {
  drop(): Dropped
  disconnect(): Disconnected
}

/** Sends a request through its interceptors; `handle` is what the last `next` does. */
export async function throughInterceptors(
  interceptors: readonly Step[],
  facts: RequestFacts,
  handle: () => Promise<unknown>,
): Promise<unknown> {
  const request: Passing = { ...facts, drop: () => dropped, disconnect: () => disconnected }
  const step = async (index: number): Promise<unknown> => {
    const interceptor = interceptors[index]
    return interceptor === undefined ? handle() : interceptor(request, () => step(index + 1))
  }
  return step(0)
}

export const isDropped = (answer: unknown): answer is Dropped => answer === dropped
export const isDisconnected = (answer: unknown): answer is Disconnected => answer === disconnected
