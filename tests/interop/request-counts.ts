import { subscribe, unsubscribe } from 'node:diagnostics_channel'

interface Told {
  readonly clientId: string | null
  readonly api: string
}

/** What the clients of this process with one client id ask, by the name of the API, until it is disposed of. */
export class RequestCounts implements Disposable {
  readonly #clientId: string
  readonly #counts = new Map<string, number>()
  #outstanding = 0
  readonly #begin = (told: unknown): void => this.#took(told as Told, 1)
  readonly #end = (told: unknown): void => this.#took(told as Told, -1)

  constructor(clientId: string) {
    this.#clientId = clientId
    subscribe('tracing:millrace.request:start', this.#begin)
    subscribe('tracing:millrace.request:asyncEnd', this.#end)
  }

  of(api: string): number {
    return this.#counts.get(api) ?? 0
  }

  /** Requests that aren't answered yet. */
  get outstanding(): number {
    return this.#outstanding
  }

  clear(): void {
    this.#counts.clear()
  }

  [Symbol.dispose](): void {
    unsubscribe('tracing:millrace.request:start', this.#begin)
    unsubscribe('tracing:millrace.request:asyncEnd', this.#end)
  }

  #took({ clientId, api }: Told, more: 1 | -1): void {
    if (clientId !== this.#clientId) return
    this.#outstanding += more
    if (more === 1) this.#counts.set(api, this.of(api) + 1)
  }
}
