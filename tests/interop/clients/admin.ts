// What tests need done or known apart from what they test, by the client that needs no fetching.
import { setTimeout as sleep } from 'node:timers/promises'
import { isApacheKafka } from '../target/target.ts'
import { kafkaOf } from './kafkajs.ts'

type Admin = ReturnType<ReturnType<typeof kafkaOf>['admin']>

// Apache Kafka answers some requests before all of it knows a change; from Millrace that would be a fault.
const patienceMs = isApacheKafka ? 15_000 : 0

export async function withAdmin<T>(bootstrap: string, work: (admin: Admin) => Promise<T>): Promise<T> {
  const deadlineMs = performance.now() + patienceMs
  for (;;) {
    const admin = kafkaOf(bootstrap).admin()
    await admin.connect()
    try {
      return await work(admin)
    } catch (error) {
      const { retriable } = error as { retriable?: boolean }
      if (retriable !== true || performance.now() >= deadlineMs) throw error
      await sleep(100)
    } finally {
      await admin.disconnect()
    }
  }
}

export async function createTopics(bootstrap: string, topics: readonly string[], partitions: number): Promise<void> {
  const wanted = topics.map((topic) => ({ topic, numPartitions: partitions, replicationFactor: 1 }))
  await withAdmin(bootstrap, (admin) => admin.createTopics({ topics: wanted, waitForLeaders: true }))
}

export async function groupState(bootstrap: string, group: string): Promise<string> {
  const { groups } = await withAdmin(bootstrap, (admin) => admin.describeGroups([group]))
  return groups[0]?.state ?? 'not described'
}

// Committed offsets by partition, -1 where there is none.
export async function committed(bootstrap: string, group: string, topic: string): Promise<number[]> {
  const [found] = await withAdmin(bootstrap, (admin) => admin.fetchOffsets({ groupId: group, topics: [topic] }))
  const partitions = (found?.partitions ?? []).toSorted((a, b) => a.partition - b.partition)
  return partitions.map(({ offset }) => Number(offset))
}
