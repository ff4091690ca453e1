import { AsyncLocalStorage } from 'node:async_hooks'

/** Functions of the program that we wait for, which therefore mustn't wait for us. */
export class AwaitedCalls {
  readonly #within = new AsyncLocalStorage<{ waits: boolean }>()

  /** Whether who asks is such a function, and isn't over. */
  get within(): boolean {
    return this.#within.getStore()?.waits === true
  }

  async run<T>(work: () => T | Promise<T>): Promise<T> {
    const call = { waits: true }
    try {
      return await this.#within.run(call, async () => work())
    } finally {
      call.waits = false
    }
  }
}
