import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { apacheKafka, quickStart } from '../peers/apache-kafka.ts'
import { Program, run } from '../process.ts'
import { freePort, propertiesOf } from '../target/apache-kafka.ts'
import { until, type World } from './world.ts'

export function quorumTests(world: World): void {
  suite('quorum', () => {
    test('a controller that watches becomes a voter, and is taken out again', async (t) => {
      const { admin } = world
      const port = await startController(world, (stop) => t.after(stop))
      const observer = await until(async () => (await admin.describeQuorum()).observers.find(({ id }) => id === 5))
      assert.ok(observer.directoryId !== null)
      const voter = { id: 5, directoryId: observer.directoryId }
      // The leader takes only who has caught up.
      await until(() =>
        admin.addRaftVoter(voter, [{ name: 'CONTROLLER', host: '127.0.0.1', port }]).then(
          () => true,
          () => false,
        ),
      )
      const { voters, nodes } = await admin.describeQuorum()
      assert.deepEqual(
        voters.map(({ id }) => id),
        [1, 5],
      )
      assert.equal(nodes.get(5)?.[0]?.port, port)
      await admin.removeRaftVoter(voter)
      await until(async () => (await admin.describeQuorum()).voters.length === 1)
    })
  })
}

async function startController({ admin, kafka }: World, after: (stop: () => Promise<void>) => void): Promise<number> {
  const { classPath } = await apacheKafka.get()
  const folder = mkdtempSync(join(tmpdir(), 'millrace-controller-'))
  const port = await freePort()
  const listener = `CONTROLLER://127.0.0.1:${port}`
  const properties = join(folder, 'controller.properties')
  const settings = {
    'process.roles': 'controller',
    'node.id': '5',
    'controller.quorum.bootstrap.servers': kafka.controller,
    listeners: listener,
    'advertised.listeners': listener,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT',
    'log.dirs': join(folder, 'data'),
  }
  writeFileSync(properties, propertiesOf(settings))
  const java = [...quickStart, '-cp', classPath]
  const { clusterId } = await admin.describeCluster()
  const format = ['format', '-t', clusterId, '-c', properties, '--no-initial-controllers']
  await run('java', [...java, 'kafka.tools.StorageTool', ...format])
  const program = new Program('java', [...java, 'kafka.Kafka', properties])
  after(async () => {
    await program.end('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
  return port
}
