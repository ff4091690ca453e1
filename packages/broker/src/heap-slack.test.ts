import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'

// In a process of its own: what other tests leave in the heap would hide it.
const program = `
  import { returnHeapSlack } from ${JSON.stringify(new URL('heap-slack.ts', import.meta.url).href)}
  let kept = []
  for (let i = 0; i < 400_000; i += 1) kept.push({ i, list: [i, i + 1] })
  const half = kept.slice(0, 1000)
  kept = half
  const before = process.memoryUsage().heapTotal
  returnHeapSlack()
  const after = process.memoryUsage().heapTotal
  console.log(JSON.stringify({ before, after, kept: kept.length, gc: typeof globalThis.gc }))
`

test('what the heap grew by and no longer needs goes back to the system', () => {
  const args = ['--no-warnings', '--input-type=module', '--eval', program]
  const output = execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 30_000 })
  const { before, after, kept, gc } = JSON.parse(output) as Record<string, unknown>
  assert.ok(Number(after) < Number(before) / 2, `the heap has ${Number(after)} bytes, it had ${Number(before)}`)
  assert.equal(kept, 1000)
  assert.equal(gc, 'undefined', 'the program has no gc function of its own afterwards')
})
