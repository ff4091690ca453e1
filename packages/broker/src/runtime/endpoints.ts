import type { BrokerId } from '@millrace/kernel'
import type { BrokerRegistration, MetadataImage } from '@millrace/machines'
import { isServing } from '@millrace/machines'
import type { ConnectionInfo } from '../dispatch/handler.ts'

export interface Endpoint {
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

/**
 * Where clients reach the brokers. Of its own listeners without `advertised.listeners` a broker tells each client
 * the address that the client connected to.
 */
export class Endpoints {
  readonly #brokerId: BrokerId
  readonly #advertised: ReadonlySet<string>

  constructor(brokerId: BrokerId, advertisedListeners: ReadonlySet<string>) {
    this.#brokerId = brokerId
    this.#advertised = advertisedListeners
  }

  /** Every broker that serves clients on the connection's listener, in order of their ids. */
  all(image: MetadataImage, connection: ConnectionInfo): Endpoint[] {
    const endpoints: Endpoint[] = []
    for (const broker of image.brokers.values()) {
      const endpoint = isServing(broker) ? this.#endpoint(broker, connection) : undefined
      if (endpoint !== undefined) endpoints.push(endpoint)
    }
    return endpoints.toSorted((a, b) => a.nodeId - b.nodeId)
  }

  of(brokerId: BrokerId, image: MetadataImage, connection: ConnectionInfo): Endpoint | undefined {
    const broker = image.brokers.get(brokerId)
    return isServing(broker) ? this.#endpoint(broker, connection) : undefined
  }

  #endpoint(broker: BrokerRegistration, connection: ConnectionInfo): Endpoint | undefined {
    const { id: nodeId, rack } = broker
    if (nodeId === this.#brokerId && !this.#advertised.has(connection.listener)) {
      return { nodeId, rack, host: connection.localHost, port: connection.localPort }
    }
    const address = broker.listeners.find((listener) => listener.name === connection.listener)
    return address === undefined ? undefined : { nodeId, rack, host: address.host, port: address.port }
  }
}
