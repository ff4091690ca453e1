import type { BrokerId, ProducerId } from '@millrace/kernel'
import { asProducerId } from '@millrace/kernel'
import type { ProducerIdBlock } from '@millrace/machines'
import { allocateProducerIds, authorOfBroker } from '@millrace/machines'
import { KafkaError } from '@millrace/protocol'
import type { ControllerRuntime } from './controller-runtime.ts'

/** Gives out producer ids from a block that the metadata store keeps for this broker alone. */
export class ProducerIds {
  readonly #brokerId: BrokerId
  readonly #controller: ControllerRuntime
  #next: number = 0
  #end = 0
  #refill: Promise<void> | undefined

  constructor(brokerId: BrokerId, controller: ControllerRuntime) {
    this.#brokerId = brokerId
    this.#controller = controller
  }

  async next(): Promise<ProducerId> {
    while (this.#next === this.#end) {
      this.#refill ??= this.#takeBlock().finally(() => (this.#refill = undefined))
      await this.#refill
    }
    const id = asProducerId(this.#next)
    this.#next += 1
    return id
  }

  async #takeBlock(): Promise<void> {
    const block = await this.#controller.commitOwn<ProducerIdBlock>((image) => {
      const broker = image.brokers.get(this.#brokerId)
      if (broker === undefined) {
        throw new KafkaError('COORDINATOR_NOT_AVAILABLE', `broker ${this.#brokerId} is not registered now`)
      }
      const { transaction, block: result } = allocateProducerIds(image, authorOfBroker(broker))
      return { transaction, result }
    })
    if (block === null) throw new KafkaError('COORDINATOR_LOAD_IN_PROGRESS', 'no producer ids could be taken')
    this.#next = block.first
    this.#end = block.first + block.count
  }
}
