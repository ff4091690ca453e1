// Since which version of Apache Kafka a broker takes a version of an API, for who meets a broker that doesn't: as a broker
// that clients reach shows it, with KRaft where that came later than with ZooKeeper. Versions that are older than all
// that we speak are left out.
const table: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  AddRaftVoter: { 0: '3.9', 1: '4.2' },
  AlterClientQuotas: { 0: '2.6' },
  AlterConfigs: { 0: '0.11' },
  AlterPartitionReassignments: { 0: '2.4', 1: '4.1' },
  AlterReplicaLogDirs: { 1: '2.0' },
  AlterShareGroupOffsets: { 0: '4.1' },
  AlterUserScramCredentials: { 0: '2.7 (with KRaft 3.5)' },
  ConsumerGroupDescribe: { 0: '3.8', 1: '4.0' },
  ConsumerGroupHeartbeat: { 0: '3.7', 1: '4.0' },
  CreateAcls: { 1: '2.0' },
  CreateDelegationToken: { 1: '2.0 (with KRaft 3.6)', 3: '3.3 (with KRaft 3.6)' },
  CreatePartitions: { 0: '1.0' },
  DeleteAcls: { 1: '2.0' },
  DeleteGroups: { 0: '1.1' },
  DeleteRecords: { 0: '0.11' },
  DeleteShareGroupOffsets: { 0: '4.1' },
  DeleteTopics: { 1: '0.11', 6: '2.8' },
  DescribeAcls: { 1: '2.0' },
  DescribeClientQuotas: { 0: '2.6' },
  DescribeCluster: { 0: '2.8', 1: '3.7', 2: '4.0' },
  DescribeConfigs: { 1: '1.1', 3: '2.6' },
  DescribeDelegationToken: { 1: '2.0 (with KRaft 3.6)', 3: '3.3 (with KRaft 3.6)' },
  DescribeGroups: { 6: '4.0' },
  DescribeLogDirs: { 1: '2.0', 4: '3.3' },
  DescribeProducers: { 0: '2.8' },
  DescribeQuorum: { 0: '3.3', 2: '3.9' },
  DescribeShareGroupOffsets: { 0: '4.1', 1: '4.2' },
  DescribeTopicPartitions: { 0: '3.8' },
  DescribeTransactions: { 0: '3.0' },
  DescribeUserScramCredentials: { 0: '2.7 (with KRaft 3.5)' },
  ElectLeaders: { 0: '2.2', 1: '2.4' },
  ExpireDelegationToken: { 1: '2.0 (with KRaft 3.6)' },
  FindCoordinator: { 4: '3.0', 5: '3.8', 6: '3.9' },
  GetTelemetrySubscriptions: { 0: '3.7, where a metrics reporter collects from clients' },
  IncrementalAlterConfigs: { 0: '2.3' },
  LeaveGroup: { 3: '2.4', 5: '3.2' },
  ListConfigResources: { 0: '3.7', 1: '4.1' },
  ListGroups: { 4: '2.6', 5: '3.8' },
  ListOffsets: { 7: '3.0', 8: '3.5', 9: '3.9', 10: '4.0', 11: '4.2' },
  ListPartitionReassignments: { 0: '2.4' },
  ListTransactions: { 0: '3.0', 1: '3.8', 2: '4.1' },
  Metadata: { 10: '2.8', 12: '3.1', 13: '4.0' },
  OffsetDelete: { 0: '2.4' },
  OffsetFetch: { 7: '2.5', 8: '3.0', 9: '3.7', 10: '4.2' },
  RemoveRaftVoter: { 0: '3.9' },
  RenewDelegationToken: { 1: '2.0 (with KRaft 3.6)' },
  ShareGroupDescribe: { 1: '4.1' },
  StreamsGroupDescribe: { 0: '4.2' },
  UnregisterBroker: { 0: '3.3, with KRaft' },
  UpdateFeatures: { 0: '2.7', 1: '3.3', 2: '4.0' },
  WriteTxnMarkers: { 2: '4.2' },
}

/** The first version of Apache Kafka whose brokers take this version of the API; null where it isn't known. */
export function sinceKafka(apiName: string, version: number): string | null {
  // A version that isn't listed came with the one listed before it.
  const listed = Object.entries(table[apiName] ?? {}).filter(([each]) => Number(each) <= version)
  return listed.at(-1)?.[1] ?? null
}
