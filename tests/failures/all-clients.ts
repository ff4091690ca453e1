// Uses all three clients for a second and until its input ends, closes them, and says what keeps its process alive from then on.
import { setTimeout as sleep } from 'node:timers/promises'
import { Admin, Consumer, Producer } from '@millrace/client'

const [bootstrapServers = '', topic = ''] = process.argv.slice(2)
const forMs = 800
const settings = { bootstrapServers, requestTimeoutMs: 300, deliveryTimeoutMs: 2_000, defaultApiTimeoutMs: 2_000 }
const producer = new Producer(settings)
const member = new Consumer({ ...settings, groupId: topic, topics: [topic], autoOffsetReset: 'earliest' })
const own = new Consumer({ ...settings, assignment: [{ topic, partition: 0, start: 'earliest' }] })
const admin = new Admin(settings)

async function read(consumer: Consumer): Promise<void> {
  for await (const { offset } of consumer) if (offset < 0) throw new Error('no offset')
}

// Something may fail while the network does: what counts is that it is told here, and nowhere else.
const failed = (error: unknown): void => void process.stdout.write(`failed: ${String(error)}\n`)
const work = [read(member).catch(failed), read(own).catch(failed)]
const input = { ended: false }
process.stdin.resume().once('end', () => (input.ended = true))
const startMs = performance.now()
for (let i = 0; !input.ended || performance.now() - startMs < forMs; i += 1) {
  work.push(producer.send({ topic, value: String(i) }).then(() => undefined, failed))
  if (i % 50 === 0) work.push(admin.describeCluster().then(() => undefined, failed))
  await sleep(2)
}
process.stdout.write('closing\n')
await Promise.all([producer.close(), member.close(), own.close(), admin.close()].map((each) => each.catch(failed)))
await Promise.all(work)
// What was said has gone to whoever reads it.
await new Promise((resolve) => process.stdout.write('closed\n', resolve))
// Handles close in the turns after this one.
for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve))
const mine = new Set(['TTYWrap', 'PipeWrap', 'Immediate'])
process.stdout.write(
  `left: ${process
    .getActiveResourcesInfo()
    .filter((name) => !mine.has(name))
    .join()}\n`,
)
