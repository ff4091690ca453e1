// What the tests of Admin share: one Apache Kafka with everything switched on.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Admin, Outcome } from '@millrace/client'
import { Connection } from '@millrace/connection'
import type { SecureKafka } from '../target/secure-kafka.ts'

/** There once the tests run. */
export interface World {
  kafka: SecureKafka
  admin: Admin
}

/** What a broker needs for all that Admin can do: tokens, client metrics, two log directories. */
export const moreSettings = (folder: string): Record<string, string> => ({
  'log.dirs': [join(folder, 'data'), join(folder, 'more')].join(','),
  'delegation.token.secret.key': 'token-secret',
  'metric.reporters': 'kafka.interop.TelemetryReceiver',
  'offsets.topic.num.partitions': '3',
  'transaction.state.log.num.partitions': '3',
  'share.coordinator.state.topic.num.partitions': '3',
})

/** For what no client of ours speaks yet, such as being a member of a share group. */
export function connect(address: string): Promise<Connection> {
  const [host = '', port] = address.split(':')
  return Connection.connect({ host, port: Number(port) })
}

/** Brokers in KRaft mode answer before they show what they did. */
export async function until<T>(look: () => Promise<T | undefined | false>): Promise<T> {
  const deadlineMs = performance.now() + 30_000
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    assert.ok(performance.now() < deadlineMs, 'not within 30 s')
    await sleep(20)
  }
}

export const errorOf = (outcome: Outcome<unknown> | undefined): string | undefined =>
  outcome?.ok === false ? outcome.error.error : undefined
