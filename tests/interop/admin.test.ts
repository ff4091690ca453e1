// Everything that Admin can do, on Apache Kafka, which has all of it.
import { after, before, suite } from 'node:test'
import { Admin } from '@millrace/client'
import { clusterTests } from './admin/cluster.ts'
import { groupTests } from './admin/groups.ts'
import { quorumTests } from './admin/quorum.ts'
import { securityTests } from './admin/security.ts'
import { topicTests } from './admin/topics.ts'
import { transactionTests } from './admin/transactions.ts'
import { moreSettings, type World } from './admin/world.ts'
import { apacheKafka } from './peers/apache-kafka.ts'
import { find } from './peers/peer.ts'
import { startSecureKafka } from './target/secure-kafka.ts'

const { peer, skip } = await find(apacheKafka)

suite('Admin on Apache Kafka', { skip }, () => {
  const world = {} as World
  before(async () => {
    if (peer === undefined) return
    world.kafka = await startSecureKafka(peer, 0, moreSettings)
    world.admin = new Admin({ bootstrapServers: world.kafka.bootstrap.PLAINTEXT })
  })
  after(async () => {
    await world.admin.close()
    await world.kafka.stop()
  })
  topicTests(world)
  groupTests(world)
  transactionTests(world)
  securityTests(world)
  clusterTests(world)
  quorumTests(world)
})
