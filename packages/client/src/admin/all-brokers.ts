import type { Connection } from '@millrace/connection'
import { KafkaError } from '@millrace/protocol'
import { askEach } from './ask-each.ts'
import type { Call } from './call.ts'
import { retrying } from './call.ts'
import { succeeded, valuesOf } from './outcome.ts'
import { toBrokers } from './routes.ts'

/** The ids of all brokers that are up now. */
export function allBrokers(call: Call): Promise<number[]> {
  return retrying(call, async () => {
    await call.cluster.refresh([], call.signal)
    return [...call.cluster.image.brokers.keys()].toSorted((a, b) => a - b)
  })
}

/** What all brokers have together: all of it, or it rejects. */
export function listAll<T>(call: Call, list: (connection: Connection) => Promise<readonly T[]>): Promise<T[]> {
  return retrying(call, async () => {
    const ofEach = await askEach<number, readonly T[], number>(call, {
      items: await allBrokers(call),
      key: (id) => id,
      route: toBrokers((id) => id),
      send: async (connection, [id = -1]) => [[id, succeeded(await list(connection))]],
    })
    try {
      return [...valuesOf(ofEach).values()].flat()
    } catch (error) {
      throw error instanceof KafkaError && error.error === 'BROKER_NOT_AVAILABLE' ? gone(error) : error
    }
  })
}

// Others have now what was with a broker that went meanwhile: all are asked again.
const gone = ({ message }: KafkaError): KafkaError =>
  new KafkaError('BROKER_NOT_AVAILABLE', message, { retriable: true })
