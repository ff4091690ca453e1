/** What the metrics and the health checks ask of a broker, when somebody asks them. */
export interface ObservedBroker {
  readonly brokerId: number
  /** Whether clients are served; if not, why. */
  readiness(): { readonly ready: true } | { readonly ready: false; readonly reason: string }
  isController(): boolean
  /** Brokers of the cluster, with an address each. */
  brokers(): Iterable<{ readonly id: number; readonly address: string }>
  /** Every partition of the cluster, as the metadata has it. */
  partitions(): Iterable<ObservedPartition>
  /** Logs that this broker has. */
  logs(): Iterable<ObservedLog>
  /** Groups whose coordinator this broker is. */
  groups(): Iterable<ObservedGroup>
  offlineLogDirectories(): number
  cordonedLogDirectories(): number
}

export interface ObservedPartition {
  readonly topic: string
  readonly partition: number
  /** -1: none. */
  readonly leader: number
  /** The first is the preferred leader. */
  readonly replicas: readonly number[]
  readonly inSyncReplicas: readonly number[]
  readonly minInsyncReplicas: number
}

export interface ObservedLog {
  readonly topic: string
  readonly partition: number
  readonly isLeader: boolean
  readonly logStartOffset: number
  readonly highWatermark: number
  readonly logEndOffset: number
  readonly sizeBytes: number
}

export interface ObservedGroup {
  readonly groupId: string
  readonly memberCount: number
  readonly offsets: Iterable<{ readonly topic: string; readonly partition: number; readonly offset: number }>
}
