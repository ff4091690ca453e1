// Which clients run which loads in which shapes, and what they are called.
import type { ClientName, LoadKind, Shape } from './load/load.ts'

export type RowName = Exclude<LoadKind, 'fill'>

export interface Contender {
  readonly client: ClientName
  readonly shape: Shape
  readonly title: string
  /** Records that wait for their answer at a time; 10,000 where not given. */
  readonly outstanding?: number
}

export const titles: Readonly<Record<ClientName, string>> = {
  millrace: '@millrace/client',
  kafkajs: 'kafkajs',
  platformatic: '@platformatic/kafka',
  librdkafka: 'confluent-kafka-python',
}

const single = (client: ClientName): Contender => ({ client, shape: 'single', title: 'one per call' })
const array = (client: ClientName): Contender => ({ client, shape: 'array', title: 'arrays of 100' })
const byRecord = (client: ClientName, title: string): Contender => ({ client, shape: 'record', title })
const byBatch = (client: ClientName, title: string): Contender => ({ client, shape: 'batch', title })

const all: readonly ClientName[] = ['millrace', 'kafkajs', 'platformatic', 'librdkafka']

// With 4,000 it always ends with "RangeError: Maximum call stack size exceeded", with 2,000 of 1 KiB sometimes.
const fewer = { outstanding: 1_000, title: 'one per call, 1,000 outstanding' }

export const contendersOf: Readonly<Record<RowName, readonly Contender[]>> = {
  produce: [
    ...all.map(single).map((each) => (each.client === 'platformatic' ? { ...each, ...fewer } : each)),
    ...all.map(array),
    { client: 'platformatic', shape: 'stream', title: 'asStream()' },
  ],
  latency: all.map(single),
  consume: [
    byRecord('millrace', 'for await'),
    byBatch('millrace', 'eachBatch'),
    byBatch('kafkajs', 'eachBatch'),
    byRecord('platformatic', 'for await'),
    byBatch('platformatic', "on('data')"),
    byBatch('librdkafka', 'consume(500)'),
  ],
}
