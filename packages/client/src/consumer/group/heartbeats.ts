import { errorMessage } from '@millrace/kernel'
import { backoffMs, isRetriableError } from '../../cluster/retry.ts'
import type { ConsumerContext } from '../consumer-context.ts'
import { logDebug } from '../consumer-context.ts'
import type { GroupRequests } from './group-requests.ts'
import { Rejoin } from './rejoin.ts'

/**
 * Says to the group that we are there, from one SyncGroup to the next JoinGroup: also while partitions are given up,
 * which may take the program longer than the session lasts.
 */
export class Heartbeats {
  readonly #context: ConsumerContext
  readonly #requests: GroupRequests
  readonly #outdated: () => Promise<string | undefined>
  readonly #stop = new AbortController()
  readonly #ended = Promise.withResolvers<never>()
  #wake: (() => void) | undefined
  #over = false

  constructor(context: ConsumerContext, requests: GroupRequests, outdated: () => Promise<string | undefined>) {
    this.#context = context
    this.#requests = requests
    this.#outdated = outdated
    // Whoever waits for the end is told; where something else fails first, this is all that tells of it.
    this.#ended.promise.catch((error: unknown) => {
      if (!(error instanceof Rejoin)) logDebug(context, 'the heartbeats ended', error)
    })
    void this.#run()
  }

  /** Rejects with a Rejoin when the group begins a new round or dropped us, or with what makes it impossible to stay. */
  get ended(): Promise<never> {
    return this.#ended.promise
  }

  /** The group is asked for a new round, or is left. */
  end(rejoin: Rejoin): void {
    this.#ended.reject(rejoin)
    if (rejoin.lost) this.stop()
  }

  stop(): void {
    this.#over = true
    this.#stop.abort(new Error('the heartbeats are stopped'))
    this.#wake?.()
    this.#ended.reject(new Rejoin(false, 'the heartbeats are stopped'))
  }

  async #run(): Promise<void> {
    let failures = 0
    while (!this.#over) {
      const { heartbeatIntervalMs } = this.#context.settings
      const { settings } = this.#context.cluster
      await this.#pause(failures === 0 ? heartbeatIntervalMs : backoffMs(settings, failures))
      if (this.#over) return
      try {
        await this.#beat()
        failures = 0
      } catch (error) {
        if (this.#over) return
        this.#requests.mindMove(error)
        if (!isRetriableError(error)) return this.#ended.reject(error)
        failures += 1
        this.#context.cluster.settings.logger.debug('a heartbeat failed', { error: errorMessage(error) })
      }
    }
  }

  async #beat(): Promise<void> {
    try {
      await this.#requests.heartbeat(this.#stop.signal)
      const why = await this.#outdated()
      if (why !== undefined) throw new Rejoin(false, why)
    } catch (error) {
      // The group waits for us, and we go on saying that we are there until we join.
      if (!(error instanceof Rejoin) || error.lost) throw error
      this.#ended.reject(error)
    }
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#context.cluster.settings.clock.setTimer(delayMs, resolve)
      this.#wake = () => {
        timer.cancel()
        resolve()
      }
    })
  }
}
