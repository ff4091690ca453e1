// Fetches every client that the tests want, before they start, so that no test waits for a download.
import { apacheKafka } from './apache-kafka.ts'
import { kcat } from './kcat.ts'
import { find } from './peer.ts'
import { confluentPython } from './python.ts'

for (const peer of [kcat, confluentPython, apacheKafka]) {
  const found = await find<unknown>(peer)
  process.stderr.write(found.skip === false ? `${peer.name}: ready\n` : `${found.skip}\n`)
}
