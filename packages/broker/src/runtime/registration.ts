import type { BrokerEpoch, BrokerId, Logger } from '@millrace/kernel'
import { asBrokerEpoch, errorMessage } from '@millrace/kernel'
import type { BrokerValue } from '@millrace/machines'
import { registerBroker, removeLastLife, resignController, updateBroker } from '@millrace/machines'
import type { MetadataStore, Session } from '@millrace/metadata'
import type { ControllerRuntime } from './controller-runtime.ts'
import type { ImageKeeper } from './image-keeper.ts'

export interface RegistrationOptions {
  readonly store: MetadataStore
  readonly images: ImageKeeper
  readonly controller: ControllerRuntime
  readonly brokerId: BrokerId
  readonly sessionTtlMs: number
  readonly log: Logger
  /** Waits before the next try after a failure. */
  readonly pause: () => Promise<void>
  /** Work between the first registration and the first try to be the controller. */
  readonly beforeController: (epoch: BrokerEpoch) => Promise<void>
}

/** What this broker says of itself, apart from how it is doing. */
export type BrokerFacts = Omit<BrokerValue, 'state'>

/** Keeps this broker registered in the metadata store for as long as it lives, under a session that it renews. */
export class Registration {
  readonly #options: RegistrationOptions
  #session: Session | undefined
  #facts: BrokerFacts | undefined
  #epoch: BrokerEpoch = asBrokerEpoch(-1)
  #isClosed = false

  constructor(options: RegistrationOptions) {
    this.#options = options
  }

  get epoch(): BrokerEpoch {
    return this.#epoch
  }

  /** Registers, and resolves when the cluster has a controller and this broker's partitions their leaders. */
  async open(facts: BrokerFacts): Promise<void> {
    this.#facts = facts
    await this.#endLastLife()
    const session = await this.#register(facts)
    await this.#options.beforeController(this.#epoch)
    await this.#compete(session)
  }

  /** Something of what the broker says of itself has changed, in the same life. Tried until it is said. */
  async update(changed: Partial<BrokerFacts>): Promise<void> {
    const { store, brokerId, log, pause } = this.#options
    if (this.#facts === undefined) return
    const facts = { ...this.#facts, ...changed }
    this.#facts = facts
    // Who comes back under a new session says all anew, and what changes meanwhile is said with the last change.
    while (!this.#isClosed && this.#facts === facts && this.#session !== undefined) {
      const value = { ...facts, state: 'running' as const }
      const said = await store.commit(updateBroker({ id: brokerId, epoch: this.#epoch }, value, this.#session.id))
      if (said.kind !== 'unknown') return
      log.warn('could not say what has changed of this broker', { reason: said.reason })
      await pause()
    }
  }

  /** Hands over: says that it leaves, gives up the controller's place, and ends the session. */
  async close(): Promise<void> {
    this.#isClosed = true
    const { store, images, brokerId } = this.#options
    const session = this.#session
    if (session === undefined || this.#facts === undefined) return
    const { current } = images
    if (current.controllerId === brokerId) await store.commit(resignController(current))
    const leaving = { ...this.#facts, state: 'leaving' as const }
    await store.commit(updateBroker({ id: brokerId, epoch: this.#epoch }, leaving, session.id))
    await session.close()
  }

  // Only who holds the lock of the data directory comes here: whatever is registered under this id is over.
  async #endLastLife(): Promise<void> {
    const { store, images, brokerId } = this.#options
    const removal = removeLastLife(images.current, brokerId)
    if (removal === null) return
    const ended = await store.commit(removal)
    if (ended.kind === 'committed') await images.waitFor(ended.revision)
  }

  async #register(facts: BrokerFacts): Promise<Session> {
    const { store, images, brokerId, sessionTtlMs } = this.#options
    const session = await store.openSession(sessionTtlMs)
    const registered = await store.commit(registerBroker(brokerId, { ...facts, state: 'running' }, session.id))
    if (registered.kind !== 'committed') {
      await session.close()
      throw new Error(
        `broker ${brokerId} can't register: ${registered.kind === 'conflict' ? 'its id is taken' : registered.reason}`,
      )
    }
    this.#session = session
    this.#epoch = asBrokerEpoch(registered.revision)
    session.onLost(() => void this.#comeBack(session))
    await images.waitFor(registered.revision)
    return session
  }

  #compete(session: Session): Promise<void> {
    const { controller, brokerId } = this.#options
    return controller.start({ brokerId, brokerEpoch: this.#epoch, session })
  }

  // The process was stopped or the machine slept for longer than the session: the data is still what it was.
  async #comeBack(lost: Session): Promise<void> {
    const { log, pause } = this.#options
    if (this.#isClosed || this.#session !== lost || this.#facts === undefined) return
    log.warn('the registration has expired: this broker registers anew', { epoch: this.#epoch })
    this.#facts = { ...this.#facts, intactSince: this.#facts.intactSince ?? this.#epoch }
    while (!this.#isClosed) {
      try {
        await this.#compete(await this.#register(this.#facts))
        return
      } catch (error) {
        log.warn('could not register', { reason: errorMessage(error) })
        await pause()
      }
    }
  }
}
