// Compiled by `npm run check`, never run: what must not compile stands under @ts-expect-error, which fails where it does.
import { Consumer, Producer, type OpenTelemetryApi } from '@millrace/client'
import * as api from '@opentelemetry/api'

const bootstrapServers = 'localhost:9092'

export async function thePackageIsHandedIn(): Promise<void> {
  const fits: OpenTelemetryApi = api
  await using producer = new Producer({ bootstrapServers, tracing: { api: fits, createSpans: false } })
  await producer.flush()
  await using consumer = new Consumer({ bootstrapServers, topics: 't', tracing: { api } })
  for await (const record of consumer) {
    const length: number = consumer.inTraceOf(record, () => record.headers.length)
    const later: Promise<number> = consumer.inTraceOf(record, async () => length)
    await later
  }
}

export const whatIsNoApi = [
  // @ts-expect-error the whole package, not the tracer alone
  new Producer({ bootstrapServers, tracing: { api: api.trace } }),
  // @ts-expect-error it has to be handed in
  new Consumer({ bootstrapServers, topics: 't', tracing: true }),
]
