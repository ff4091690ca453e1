// AlterReplicaLogDirs v1-2: begins to move replicas of this broker to other log directories, and answers at once;
// DescribeLogDirs shows how far they are.
import type { AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponseInput, ErrorName } from '@millrace/protocol'
import { alterReplicaLogDirsApi, errorCode } from '@millrace/protocol'
import { partitionOf } from '@millrace/machines'
import type { RequestContext } from '../dispatch/handler.ts'
import { defineHandler, need } from '../dispatch/handler.ts'

export const alterReplicaLogDirs = defineHandler(alterReplicaLogDirsApi, {
  access: () => [need('ALTER', 'CLUSTER', 'kafka-cluster')],
  handle: (request, context) => answer(request, (...replica) => alter(context, ...replica)),
  failure: (request, error) => answer(request, () => error),
})

function alter(context: RequestContext, topic: string, partition: number, path: string): ErrorName {
  const outcome = context.services.logs.alterDirectory(topic, partition, path)
  const isUnknown = outcome === 'REPLICA_NOT_AVAILABLE' && !partitionOf(context.image, topic, partition)
  const error = isUnknown ? 'UNKNOWN_TOPIC_OR_PARTITION' : outcome
  if (error !== 'NONE') context.refused(error, 'it does not move', { topic, partition, path })
  return error
}

/** Where a partition is named for several directories the last one counts, as in Kafka. */
function answer(
  { dirs }: AlterReplicaLogDirsRequest,
  outcome: (topic: string, partition: number, path: string) => ErrorName,
): AlterReplicaLogDirsResponseInput {
  const wanted = new Map<string, Map<number, string>>()
  for (const { path, topics } of dirs) {
    for (const { name, partitions } of topics) {
      if (partitions.length === 0) continue
      const paths = wanted.get(name) ?? new Map<number, string>()
      wanted.set(name, paths)
      for (const partition of partitions) paths.set(partition, path)
    }
  }
  const results = [...wanted].map(([topicName, paths]) => ({
    topicName,
    partitions: [...paths].map(([partitionIndex, path]) => ({
      partitionIndex,
      errorCode: errorCode(outcome(topicName, partitionIndex, path)),
    })),
  }))
  return { throttleTimeMs: 0, results }
}
