// Consumer groups whose members come and go, with each client's own rebalance protocol.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createTopics, groupState } from './clients/admin.ts'
import { clients } from './clients/all.ts'
import { untilMembers, type Client, type Member, type NewRecord } from './clients/client.ts'
import { confluent } from './clients/confluent.ts'
import { java } from './clients/java.ts'
import { kafkajs } from './clients/kafkajs.ts'
import { kcat } from './clients/kcat.ts'
import { millrace } from './clients/millrace.ts'
import { Target } from './target/target.ts'

const target = await Target.start()
const partitionCount = 6

const batch = (name: string, count: number): NewRecord[] =>
  Array.from({ length: count }, (_, i) => ({ key: `k${i}`, value: `${name}-${i}`, partition: i % partitionCount }))

const produce = (topic: string, records: readonly NewRecord[]): Promise<void> =>
  kafkajs.produce(target.bootstrap, topic, records)

function haveSeen(members: readonly Member[], records: readonly NewRecord[]): boolean {
  const seen = new Set(members.flatMap((member) => member.records.map((record) => record.value)))
  return records.every((record) => seen.has(record.value))
}

function share(members: readonly Member[]): boolean {
  const all = members.flatMap((member) => member.assigned)
  const evenly = members.every((member) => member.assigned.length === partitionCount / members.length)
  return evenly && new Set(all).size === partitionCount
}

async function comeAndGo(client: Client, topic: string, cooperative: boolean): Promise<void> {
  await createTopics(target.bootstrap, [topic], partitionCount)
  const options = { group: `${topic}-group`, topic, cooperative }
  const [early, shared, late, last] = [batch('early', 300), batch('shared', 60), batch('late', 60), batch('last', 12)]
  await produce(topic, early)

  const first = await client.join(target.bootstrap, options)
  await untilMembers([first], () => share([first]) && haveSeen([first], early), 'one member with everything')

  const second = await client.join(target.bootstrap, options)
  const both = [first, second]
  await untilMembers(both, () => share(both), 'two members with half each')
  await produce(topic, shared)
  await untilMembers(both, () => haveSeen(both, shared), 'all records at two members')

  await first.leave()
  await untilMembers([second], () => share([second]), 'everything with the one that stays')
  await produce(topic, late)
  await untilMembers([second], () => haveSeen([second], late), 'all records at the one that stays')
  await second.leave()
  assert.equal(await groupState(target.bootstrap, options.group), 'Empty')

  await produce(topic, last)
  const third = await client.join(target.bootstrap, options)
  await untilMembers([third], () => haveSeen([third], last), 'what came while nobody was there')
  await third.leave()
  assert.equal(third.records.length, last.length, 'a later member starts at the committed offsets')
}

const slug = (client: Client): string => client.name.replace(/\W+/g, '-').replace(/^-/, '')

suite('members that come and go', { concurrency: 3 }, () => {
  for (const client of clients) {
    test(`${client.name} members share the partitions anew whenever one joins or leaves`, { skip: client.skip }, () =>
      comeAndGo(client, `eager-${slug(client)}`, false),
    )
  }
  for (const client of [kcat, confluent, java, millrace]) {
    test(`${client.name} members rebalance cooperatively`, { skip: client.skip }, () =>
      comeAndGo(client, `cooperative-${slug(client)}`, true),
    )
  }
})

const mixed = [kcat, confluent, java, millrace]
const skipMixed = mixed.map((client) => client.skip).find((skip) => skip !== false) ?? false
for (const cooperative of [false, true]) {
  const protocol = cooperative ? 'cooperative-sticky' : 'range'
  test(
    `kcat, confluent-kafka-python, Java and our own consumers share one group (${protocol})`,
    { skip: skipMixed },
    () => shareInOneGroup(cooperative),
  )
}

async function shareInOneGroup(cooperative: boolean): Promise<void> {
  const topic = `mixed-${cooperative ? 'cooperative' : 'eager'}`
  await createTopics(target.bootstrap, [topic], partitionCount)
  const options = { group: `${topic}-group`, topic, cooperative }
  const members: Member[] = []
  for (const client of mixed) members.push(await client.join(target.bootstrap, options))
  await untilMembers(members, () => shareUnevenly(members), 'one or two partitions for each of four clients')
  const records = batch('mixed', 120)
  await produce(topic, records)
  await untilMembers(members, () => haveSeen(members, records), 'all records')
  for (const member of members)
    assert.ok(member.records.every((r) => member.assigned.includes(`${r.topic}-${r.partition}`)))
  // Whoever is left leads the group in the end, and shares out what the others had.
  const [last, ...others] = members.toReversed()
  assert.ok(last !== undefined)
  for (const member of others) await member.leave()
  await untilMembers([last], () => share([last]), 'everything with our own')
  await last.leave()
}

function shareUnevenly(members: readonly Member[]): boolean {
  const all = members.flatMap((member) => member.assigned)
  return (
    new Set(all).size === partitionCount &&
    all.length === partitionCount &&
    members.every(({ assigned }) => assigned.length > 0)
  )
}

for (const client of [kcat, confluent, java, millrace]) {
  test(
    `a static ${client.name} member that comes back gets its partitions without a rebalance`,
    { skip: client.skip },
    async () => {
      const topic = `static-${slug(client)}`
      await createTopics(target.bootstrap, [topic], partitionCount)
      const options = { group: `${topic}-group`, topic }
      const stays = await client.join(target.bootstrap, { ...options, instanceId: 'stays' })
      const goes = await client.join(target.bootstrap, { ...options, instanceId: 'goes' })
      await untilMembers([stays, goes], () => share([stays, goes]), 'half for each')
      const before = { assigned: goes.assigned, assignments: stays.assignments }

      await goes.leave()
      const back = await client.join(target.bootstrap, { ...options, instanceId: 'goes' })
      await untilMembers([back], () => back.assigned.length > 0, 'an assignment for the one that is back')
      assert.deepEqual(back.assigned, before.assigned)
      assert.equal(stays.assignments, before.assignments, 'the other member was not asked to rebalance')
      await Promise.all([stays.leave(), back.leave()])
    },
  )
}
