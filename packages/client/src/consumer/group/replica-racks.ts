import type { PartitionRacks } from '@millrace/machines'
import type { ClusterImage } from '../../cluster/cluster-image.ts'

/** The racks of a partition's replicas by broker; null where that broker isn't there now. Who has no rack isn't in it. */
type Replicas = ReadonlyMap<number, string | null>

/** Where the replicas of topics are, by topic and in order of the partitions. */
export type ReplicaRacks = ReadonlyMap<string, readonly Replicas[]>

export function replicaRacks({ topics, brokers }: ClusterImage, names: Iterable<string>): ReplicaRacks {
  const racks = new Map<string, Replicas[]>()
  for (const name of names) {
    const partitions = topics.get(name)?.partitions ?? []
    racks.set(
      name,
      partitions.map(({ replicas }) => {
        const rackOf = (id: number): [number, string | null][] => {
          const broker = brokers.get(id)
          return broker !== undefined && broker.rack === null ? [] : [[id, broker?.rack ?? null]]
        }
        return new Map(replicas.flatMap(rackOf))
      }),
    )
  }
  return racks
}

/** What assignors go by: the racks in which a replica is there now. */
export const partitionRacks = (racks: ReplicaRacks): PartitionRacks =>
  new Map(
    Array.from(racks, ([topic, partitions]) => [
      topic,
      partitions.map((replicas) => [...new Set([...replicas.values()].flatMap((rack) => rack ?? []))]),
    ]),
  )

/** Whether replicas are in other racks now. A broker that is away for a while is no reason to share out anew. */
export function haveMoved(before: ReplicaRacks, now: ReplicaRacks): boolean {
  for (const [topic, partitions] of before) {
    const others = now.get(topic)
    for (const [i, replicas] of partitions.entries()) {
      const other = others?.[i]
      if (other !== undefined && !(isCoveredBy(replicas, other) && isCoveredBy(other, replicas))) return true
    }
  }
  return false
}

function isCoveredBy(replicas: Replicas, other: Replicas): boolean {
  const racks = new Set(other.values())
  for (const [id, rack] of replicas) if (rack !== null && !racks.has(rack) && other.get(id) !== null) return false
  return true
}
