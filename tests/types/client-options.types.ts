// Compiled by `npm run check`, never run: what must not compile stands under @ts-expect-error, which fails where it does.
import { Admin, Producer, type SaslOptions } from '@millrace/client'

const bootstrapServers = 'localhost:9092'
const resource = { type: 'topic', name: 'orders' } as const

export const optionsThatAreNone = [
  // @ts-expect-error a client has to know where the cluster is
  new Admin({}),
  // @ts-expect-error kafkajs calls them brokers
  new Admin({ brokers: ['localhost:9092'] }),
  // @ts-expect-error a mechanism that needs a password
  new Admin({ bootstrapServers, sasl: { mechanism: 'PLAIN', username: 'ann' } }),
  // @ts-expect-error no such protocol
  new Admin({ bootstrapServers, securityProtocol: 'TLS' }),
  // @ts-expect-error times are numbers of milliseconds
  new Admin({ bootstrapServers, requestTimeoutMs: '30s' }),
  // @ts-expect-error a logger has all four levels
  new Admin({ bootstrapServers, logger: { error: console.error } }),
  // @ts-expect-error no such number of acks
  new Producer({ bootstrapServers, acks: 2 }),
  // @ts-expect-error no such compression
  new Producer({ bootstrapServers, compressionType: 'brotli' }),
  // @ts-expect-error a partitioner gives a number
  new Producer({ bootstrapServers, partitioner: () => 'first' }),
  new Producer({ bootstrapServers, tls: true, logger: console, partitioner: ({ partitions }) => partitions - 1 }),
]

export const waysToAuthenticate: SaslOptions[] = [
  { mechanism: 'SCRAM-SHA-512', username: 'ann', password: async () => 'secret' },
  { mechanism: 'OAUTHBEARER', token: async () => ({ value: 'abc' }) },
]

export async function whatIsNoArgument(admin: Admin): Promise<void> {
  // @ts-expect-error a topic has a name
  await admin.createTopics([{ topic: 'orders', numPartitions: 6 }])
  // @ts-expect-error a setting is text
  await admin.createTopics([{ name: 'orders', configs: { 'retention.ms': 60_000 } }])
  // @ts-expect-error no such operation
  await admin.alterConfigs([{ resource, name: 'retention.ms', operation: 'put', value: '1' }])
  // @ts-expect-error an offset is a number
  await admin.deleteRecords([{ topic: 'orders', partition: 0, offset: '42' }])
  // @ts-expect-error operations are words in lower case
  await admin.createAcls([{ resourceType: 'topic', resourceName: 't', principal: 'User:ann', operation: 'READ' }])
}
