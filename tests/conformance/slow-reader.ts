// Reads the first record of a topic, says so, and does nothing more: what else it takes is the client's own doing.
import { clients } from './clients/all.ts'

const [name, bootstrap = '', topic = ''] = process.argv.slice(2)
const client = clients.find((each) => each.name === name)
if (client === undefined) throw new Error(`no client ${name}`)
await client.readSlowly(bootstrap, topic, () => process.stdout.write('first\n'))
