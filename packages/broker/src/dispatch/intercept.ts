import type { ConnectionInfo } from './handler.ts'

/** A request on its way to its handler, as a test that intercepts it sees it. */
export interface InterceptedRequest<Body = unknown> {
  readonly apiName: string
  readonly apiVersion: number
  readonly clientId: string | null
  readonly connection: ConnectionInfo
  readonly body: Body
  /** Return it instead of a response: the request is never answered. The connection stays open. */
  drop(): Dropped
  /** Return it instead of a response: the connection is cut without an answer. */
  disconnect(): Disconnected
}

const dropped: unique symbol = Symbol('dropped')
const disconnected: unique symbol = Symbol('disconnected')
export type Dropped = typeof dropped
export type Disconnected = typeof disconnected

/**
 * Looks at a request, waits, and answers with what `next()` answered, with another response, with an error (throw a
 * KafkaError), with `request.drop()` or with `request.disconnect()`. `next` may be called once or not at all.
 */
export type Interceptor<Body = unknown> = (request: InterceptedRequest<Body>, next: () => Promise<unknown>) => unknown

/** Who intercepts what; the last one to come is the first to see a request. */
export class Interceptors {
  readonly #byApi = new Map<string, Interceptor[]>()

  /** Returns how to stop. */
  add<Body>(apiName: string, interceptor: Interceptor<Body>): () => void {
    const list = this.#byApi.get(apiName) ?? []
    this.#byApi.set(apiName, list)
    const added: Interceptor = (request, next) => interceptor(request as InterceptedRequest<Body>, next)
    list.unshift(added)
    return () => {
      const left = (this.#byApi.get(apiName) ?? []).filter((one) => one !== added)
      if (left.length === 0) this.#byApi.delete(apiName)
      else this.#byApi.set(apiName, left)
    }
  }

  of(apiName: string): readonly Interceptor[] | undefined {
    return this.#byApi.size === 0 ? undefined : this.#byApi.get(apiName)
  }
}

type RequestFacts = Omit<InterceptedRequest, 'drop' | 'disconnect'>

/** Sends a request through its interceptors; `handle` is what the last `next` does. */
export async function throughInterceptors(
  interceptors: readonly Interceptor[],
  facts: RequestFacts,
  handle: () => Promise<unknown>,
): Promise<unknown> {
  const request: InterceptedRequest = { ...facts, drop: () => dropped, disconnect: () => disconnected }
  const step = async (index: number): Promise<unknown> => {
    const interceptor = interceptors[index]
    return interceptor === undefined ? handle() : interceptor(request, () => step(index + 1))
  }
  return step(0)
}

export const isDropped = (answer: unknown): answer is Dropped => answer === dropped
export const isDisconnected = (answer: unknown): answer is Disconnected => answer === disconnected
