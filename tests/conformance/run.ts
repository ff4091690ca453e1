// npm run conformance: every check with every client, and docs/conformance.md from what they did.
//   --client NAME    only that one; again for more of them     --check TEXT   only checks with this in their title
// Only a run of everything writes the page.
import { parseArgs } from 'node:util'
import { apacheKafkaVersion } from '../interop/peers/apache-kafka.ts'
import { checks } from './checks/all.ts'
import { clients } from './clients/all.ts'
import { write, type Verdict } from './page.ts'
import { World } from './world.ts'

const { values } = parseArgs({
  options: { client: { type: 'string', multiple: true }, check: { type: 'string', default: '' } },
})
const chosenChecks = checks.filter(({ title }) => title.includes(values.check))
const chosenClients = clients.filter(({ name }) => values.client?.includes(name) ?? true)

const verdicts: Verdict[] = []
// What would end its user's process.
let uncaught: Error[] = []
process.on('uncaughtException', (error) => uncaught.push(error))
{
  await using world = await World.start()
  for (const check of chosenChecks) {
    for (const client of chosenClients) {
      const verdict = await judge(check, client)
      verdicts.push(verdict)
      console.log(`${verdict.passed ? '✓' : '✗'} ${client.name}: ${check.title} ${verdict.said}`)
    }
  }

  async function judge(check: (typeof checks)[number], client: (typeof clients)[number]): Promise<Verdict> {
    const about = { check: check.title, client: client.name }
    uncaught = []
    let outcome = await outcomeOf(check.run(client, world))
    world.proxy.heal()
    for (let round = 1; round < (check.rounds ?? 1) && outcome.passed && uncaught.length === 0; round += 1) {
      outcome = await outcomeOf(check.run(client, world))
      world.proxy.heal()
    }
    const [first] = uncaught
    if (first === undefined) return { ...about, ...outcome }
    return {
      ...about,
      passed: false,
      said: `an uncaught ${first.name}: ${first.message} ends the process; where that is caught: ${outcome.said}`,
    }
  }
}

async function outcomeOf(run: Promise<string>): Promise<Pick<Verdict, 'passed' | 'said'>> {
  try {
    return { passed: true, said: await run }
  } catch (error) {
    return { passed: false, said: error instanceof Error ? error.message : String(error) }
  }
}

if (chosenChecks.length === checks.length && chosenClients.length === clients.length) {
  write(verdicts, apacheKafkaVersion())
}
process.exit(verdicts.every(({ client, passed }) => passed || client !== clients[0]?.name) ? 0 : 1)
