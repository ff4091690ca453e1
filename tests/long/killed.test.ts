import { test } from 'node:test'
import { killUnderLoad } from '../storm/storm.ts'

const kills = Number(process.env['KILLS'] ?? 100)

test(`killed ${kills} times under load, the broker has all that it acknowledged`, async (t) => {
  t.diagnostic(JSON.stringify(await killUnderLoad(kills)))
})
