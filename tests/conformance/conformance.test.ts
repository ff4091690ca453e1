// What we ask of every client, asked of ours. `npm run conformance` asks the others too.
import { after, before, suite, test } from 'node:test'
import { apacheKafka } from '../interop/peers/apache-kafka.ts'
import { find } from '../interop/peers/peer.ts'
import { checks } from './checks/all.ts'
import { millrace } from './clients/millrace.ts'
import { World } from './world.ts'

const { skip } = await find(apacheKafka)

suite('a client', { skip }, () => {
  let world: World
  before(async () => {
    world = await World.start()
  })
  after(() => world[Symbol.asyncDispose]())

  for (const check of checks) {
    test(check.title, async () => {
      await check.run(millrace, world)
    })
  }
})
