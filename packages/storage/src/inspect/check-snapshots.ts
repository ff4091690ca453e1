import { errorMessage } from '@millrace/kernel'
import { decodeBatches } from '../producer/producer-batches.ts'
import { decodeSnapshot } from '../producer/producer-snapshot.ts'
import type { CheckStep } from './finding.ts'
import type { PartitionCheck } from './partition-check.ts'

/** Whether each snapshot of the producers can be read. A start goes on without those that can't. */
export function* checkSnapshots(check: PartitionCheck): Generator<CheckStep> {
  for (const name of check.files.names) {
    const path = `${check.files.folder}/${name}`
    const problem = /^\d{20}\.snapshot$/.test(name)
      ? snapshotProblem(check, path)
      : /^\d{20}\.batches$/.test(name)
        ? batchesProblem(check, path)
        : undefined
    if (problem === undefined) continue
    yield check.finding('mends', 'snapshot', path, ['a producer snapshot with a good CRC', problem])
  }
}

function snapshotProblem({ fileSystem }: PartitionCheck, path: string): string | undefined {
  const bytes = fileSystem.readFile(path)
  if (bytes === undefined || decodeSnapshot(bytes) !== undefined) return undefined
  return `${bytes.length} bytes that are none`
}

function batchesProblem({ fileSystem }: PartitionCheck, path: string): string | undefined {
  const bytes = fileSystem.readFile(path)
  try {
    if (bytes === undefined || decodeBatches(bytes, path) !== undefined) return undefined
    return `${bytes.length} bytes that are none`
  } catch (error) {
    return errorMessage(error)
  }
}
