// Compiled by `npm run check`, never run: what must not compile stands under @ts-expect-error, which fails where it does.
import type {
  Admin,
  AdminApi,
  CommittedOffset,
  ConfigEntry,
  KafkaError,
  Outcomes,
  ShareOffset,
  TopicDescription,
} from '@millrace/client'
import { valueOf, valuesOf } from '@millrace/client'

export async function oneThingOrMany(admin: Admin): Promise<void> {
  const entries: ConfigEntry[] = await admin.describeConfigs({ type: 'topic', name: 'orders' })
  const ofMany: Outcomes<readonly ConfigEntry[]> = await admin.describeConfigs([{ type: 'broker', name: '1' }])
  const committed: CommittedOffset[] = await admin.fetchOffsets('g', [{ topic: 'orders', partition: 0 }])
  const ofGroups: Outcomes<readonly CommittedOffset[]> = await admin.fetchOffsets([{ groupId: 'g' }])
  const nothing: void = await admin.createPartitions('orders', 3)
  const added: Outcomes<null> = await admin.createPartitions([{ topic: 'orders', total: 3 }])
  // @ts-expect-error a resource has a type that Kafka knows
  await admin.describeConfigs({ type: 'topics', name: 'orders' })
  // @ts-expect-error how many there shall be has to be said
  await admin.createPartitions('orders')
  // @ts-expect-error options of a single group come after its partitions
  await admin.fetchOffsets('g', { requireStable: true })
  console.log(entries, ofMany, committed, ofGroups, nothing, added)
}

export async function outcomesAreLookedAt(admin: AdminApi): Promise<void> {
  const outcomes = await admin.describeTopics(['orders', { topicId: 'u8YtHN3bQ0CtvIUXsFKZ7g' }])
  const orders = outcomes.get('orders')
  // @ts-expect-error it may have failed
  console.log(orders?.value)
  if (orders?.ok === true) console.log(orders.value.partitions)
  else if (orders !== undefined) console.log(orders.error satisfies KafkaError)
  const all: Map<string, TopicDescription> = valuesOf(outcomes)
  const [bindings] = await admin.deleteAcls([{ principal: 'User:ann' }])
  if (bindings !== undefined)
    console.log(
      valueOf(bindings).map(({ binding }) => binding.operation),
      all,
    )
  const dirs = valuesOf(await admin.describeLogDirs())
  console.log(dirs.get(1)?.[0]?.path)
  // @ts-expect-error brokers have numbers
  console.log(dirs.get('1'))
}

export async function groupsSayWhatTheyAre(admin: Admin): Promise<void> {
  for (const group of valuesOf(await admin.describeGroups(['g'])).values()) {
    if (group.type === 'streams') console.log(group.subtopologies, group.members[0]?.tasks.active)
    if (group.type === 'consumer') console.log(group.members[0]?.subscribedTopicRegex)
    // @ts-expect-error only groups of Streams have a topology
    if (group.type === 'classic') console.log(group.topologyEpoch)
    console.log(group.members.flatMap((member) => member.assignment))
  }
}

export async function changesAreWhole(admin: Admin): Promise<void> {
  const of = { resource: { type: 'topic', name: 'orders' }, name: 'retention.ms' } as const
  await admin.alterConfigs([
    { ...of, operation: 'set', value: '1' },
    { ...of, operation: 'delete' },
  ])
  // @ts-expect-error what it is set to has to be said
  await admin.alterConfigs([{ ...of, operation: 'set' }])
  // @ts-expect-error what goes has no value
  await admin.alterConfigs([{ ...of, operation: 'delete', value: '1' }])
  const created = valuesOf(await admin.createTopics([{ name: 'orders' }], { retryOnQuotaViolation: false }))
  console.log(created.get('orders')?.replicationFactor, created.get('orders')?.configs?.length)
  // @ts-expect-error an option that was mistyped
  await admin.createTopics([{ name: 'orders' }], { validateonly: true })
  // @ts-expect-error a setting of a topic that was mistyped
  await admin.createTopics([{ name: 'orders', partition: 3 }])
  // @ts-expect-error many are a list
  await admin.describeTopics('orders')
  const own: ShareOffset[] = await admin.fetchShareOffsets('workers')
  const ofMany: Outcomes<readonly ShareOffset[]> = await admin.fetchShareOffsets([{ groupId: 'workers' }])
  console.log(own, ofMany)
}

export async function wordsAreChecked(admin: Admin): Promise<void> {
  await admin.listOffsets([{ topic: 'orders', partition: 0, at: 'max-timestamp' }])
  // @ts-expect-error not a place in a log
  await admin.listOffsets([{ topic: 'orders', partition: 0, at: 'newest' }])
  await admin.electLeaders('unclean')
  // @ts-expect-error what kind of election has to be said
  await admin.electLeaders()
  await admin.alterUserScramCredentials([{ user: 'ann', mechanism: 'SCRAM-SHA-512', delete: true }])
  // @ts-expect-error a password, or that it goes
  await admin.alterUserScramCredentials([{ user: 'ann', mechanism: 'SCRAM-SHA-512' }])
  await admin.listGroups({ states: ['Stable'], types: ['share'] })
  // @ts-expect-error states have capitals
  await admin.listGroups({ states: ['stable'] })
  // @ts-expect-error no such state of a transaction
  await admin.listTransactions({ states: ['Open'] })
  // @ts-expect-error a member is known by one id or the other
  await admin.removeMembers('g', [{ id: 'm' }])
}
