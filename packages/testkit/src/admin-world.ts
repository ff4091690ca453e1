import type { TestContext } from 'node:test'
import type { Broker, StartBrokerOptions } from '@millrace/broker'
import { startBroker } from '@millrace/broker'
import { Admin } from '@millrace/client'

/** A broker and an Admin of it, which end with the test. */
export async function adminWorld(
  t: TestContext,
  options: StartBrokerOptions = {},
): Promise<{ broker: Broker; admin: Admin }> {
  const broker = await startBroker(options)
  const admin = new Admin({ bootstrapServers: broker.bootstrapServers, retryBackoffMs: 5, defaultApiTimeoutMs: 20_000 })
  t.after(async () => {
    await admin.close()
    await broker.close()
  })
  return { broker, admin }
}
