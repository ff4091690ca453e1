import { test } from 'node:test'
import { killUnderLoad } from '../storm/storm.ts'

test('killed five times under load, the broker has all that it acknowledged', async (t) => {
  t.diagnostic(JSON.stringify(await killUnderLoad(5)))
})
