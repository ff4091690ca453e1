import { test } from 'node:test'
import { GroupSimulation } from '@millrace/testkit'

// A failure names its seed: run that one alone with GroupSimulation.
for (const firstSeed of [1, 101, 201, 301]) {
  test(`whatever consumers and coordinators do, owners are single, generations grow and commits stay (seeds from ${firstSeed})`, () => {
    for (let seed = firstSeed; seed < firstSeed + 10; seed += 1) {
      try {
        new GroupSimulation(seed).run(400)
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error })
      }
    }
  })
}
