// Since which version of Apache Kafka a broker takes a version of an API: for who meets an older one. Only what some
// broker since 2.8 doesn't have, as a broker that clients reach shows it (with KRaft where that came later than with
// ZooKeeper).
const table: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  AddRaftVoter: { 0: '3.9', 1: '4.2' },
  AlterPartitionReassignments: { 1: '4.1' },
  AlterShareGroupOffsets: { 0: '4.1' },
  AlterUserScramCredentials: { 0: '2.7 (with KRaft 3.5)' },
  ConsumerGroupDescribe: { 0: '3.8', 1: '4.0' },
  ConsumerGroupHeartbeat: { 0: '3.7', 1: '4.0' },
  CreateDelegationToken: { 0: '1.1 (with KRaft 3.6)', 3: '3.3 (with KRaft 3.6)' },
  DeleteShareGroupOffsets: { 0: '4.1' },
  DescribeCluster: { 0: '2.8', 1: '3.7', 2: '4.0' },
  DescribeDelegationToken: { 0: '1.1 (with KRaft 3.6)', 3: '3.3 (with KRaft 3.6)' },
  DescribeGroups: { 6: '4.0' },
  DescribeProducers: { 0: '2.8' },
  DescribeQuorum: { 0: '3.3', 2: '3.9' },
  DescribeShareGroupOffsets: { 0: '4.1', 1: '4.2' },
  DescribeTopicPartitions: { 0: '3.8' },
  DescribeTransactions: { 0: '3.0' },
  DescribeUserScramCredentials: { 0: '2.7 (with KRaft 3.5)' },
  ExpireDelegationToken: { 0: '1.1 (with KRaft 3.6)' },
  FindCoordinator: { 4: '3.0', 5: '3.8', 6: '3.9' },
  GetTelemetrySubscriptions: { 0: '3.7, where a metrics reporter collects from clients' },
  LeaveGroup: { 3: '2.4', 5: '3.2' },
  ListConfigResources: { 0: '3.7', 1: '4.1' },
  ListGroups: { 4: '2.6', 5: '3.8' },
  ListOffsets: { 7: '3.0', 8: '3.5', 9: '3.9', 10: '4.0', 11: '4.2' },
  ListTransactions: { 0: '3.0', 1: '3.8', 2: '4.1' },
  Metadata: { 10: '2.8', 12: '3.1', 13: '4.0' },
  OffsetFetch: { 7: '2.5', 8: '3.0', 9: '3.7', 10: '4.2' },
  RemoveRaftVoter: { 0: '3.9' },
  RenewDelegationToken: { 0: '1.1 (with KRaft 3.6)' },
  ShareGroupDescribe: { 0: '4.1' },
  StreamsGroupDescribe: { 0: '4.2' },
  UnregisterBroker: { 0: '3.3, with KRaft' },
  UpdateFeatures: { 0: '2.7', 1: '3.3', 2: '4.0' },
}

/** The first version of Apache Kafka whose brokers take this version of the API; null where all since 2.8 do. */
export function sinceKafka(apiName: string, version: number): string | null {
  // A version that isn't listed came with the one listed before it.
  const listed = Object.entries(table[apiName] ?? {}).filter(([each]) => Number(each) <= version)
  return listed.at(-1)?.[1] ?? null
}
