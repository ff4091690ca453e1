// `npm run golden -- DIR`: checks our codecs, record batches and hashes against bytes that Apache Kafka wrote.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { checkGolden } from '../packages/testkit/src/golden.ts'

const failuresShownMax = 20
const fromRoot = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))
const shared = fromRoot('../shared/kafka-wire/golden')

const folder = process.argv[2] ?? (existsSync(shared) ? shared : fromRoot('packages/testkit/golden'))
const { passed, failures } = checkGolden(folder)
for (const { file, line, message } of failures.slice(0, failuresShownMax)) console.error(`${file}:${line}: ${message}`)
if (failures.length > failuresShownMax) console.error(`and ${failures.length - failuresShownMax} more`)
if (passed + failures.length === 0)
  console.error(`nothing to check in ${folder}: no messages.jsonl, batches.jsonl or hashes.tsv`)
console.log(`${passed} passed, ${failures.length} failed`)
if (failures.length > 0 || passed === 0) process.exitCode = 1
