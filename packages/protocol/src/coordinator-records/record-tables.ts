import type { AnyCoordinatorRecord } from './coordinator-record.ts'
import { consumerGroupCurrentMemberAssignmentRecord } from './consumer-group-current-member-assignment.ts'
import { consumerGroupMemberMetadataRecord } from './consumer-group-member-metadata.ts'
import { consumerGroupMetadataRecord } from './consumer-group-metadata.ts'
import { consumerGroupPartitionMetadataRecord } from './consumer-group-partition-metadata.ts'
import { consumerGroupRegularExpressionRecord } from './consumer-group-regular-expression.ts'
import { consumerGroupTargetAssignmentMemberRecord } from './consumer-group-target-assignment-member.ts'
import { consumerGroupTargetAssignmentMetadataRecord } from './consumer-group-target-assignment-metadata.ts'
import { groupMetadataRecord } from './group-metadata.ts'
import { legacyOffsetCommitRecord } from './legacy-offset-commit.ts'
import { offsetCommitRecord } from './offset-commit.ts'
import { shareGroupCurrentMemberAssignmentRecord } from './share-group-current-member-assignment.ts'
import { shareGroupMemberMetadataRecord } from './share-group-member-metadata.ts'
import { shareGroupMetadataRecord } from './share-group-metadata.ts'
import { shareGroupStatePartitionMetadataRecord } from './share-group-state-partition-metadata.ts'
import { shareGroupTargetAssignmentMemberRecord } from './share-group-target-assignment-member.ts'
import { shareGroupTargetAssignmentMetadataRecord } from './share-group-target-assignment-metadata.ts'
import { shareSnapshotRecord } from './share-snapshot.ts'
import { shareUpdateRecord } from './share-update.ts'
import { streamsGroupCurrentMemberAssignmentRecord } from './streams-group-current-member-assignment.ts'
import { streamsGroupMemberMetadataRecord } from './streams-group-member-metadata.ts'
import { streamsGroupMetadataRecord } from './streams-group-metadata.ts'
import { streamsGroupTargetAssignmentMemberRecord } from './streams-group-target-assignment-member.ts'
import { streamsGroupTargetAssignmentMetadataRecord } from './streams-group-target-assignment-metadata.ts'
import { streamsGroupTopologyRecord } from './streams-group-topology.ts'
import { transactionLogRecord } from './transaction-log.ts'

const byType = (...records: readonly AnyCoordinatorRecord[]): ReadonlyMap<number, AnyCoordinatorRecord> =>
  new Map(records.map((record) => [record.type, record]))

/** What `__consumer_offsets` holds, by the type in its keys; 0 and 1 are both offset commits. */
export const groupRecords = byType(
  legacyOffsetCommitRecord,
  offsetCommitRecord,
  groupMetadataRecord,
  consumerGroupMetadataRecord,
  consumerGroupPartitionMetadataRecord,
  consumerGroupMemberMetadataRecord,
  consumerGroupTargetAssignmentMetadataRecord,
  consumerGroupTargetAssignmentMemberRecord,
  consumerGroupCurrentMemberAssignmentRecord,
  shareGroupMemberMetadataRecord,
  shareGroupMetadataRecord,
  shareGroupTargetAssignmentMetadataRecord,
  shareGroupTargetAssignmentMemberRecord,
  shareGroupCurrentMemberAssignmentRecord,
  shareGroupStatePartitionMetadataRecord,
  consumerGroupRegularExpressionRecord,
  streamsGroupMetadataRecord,
  streamsGroupMemberMetadataRecord,
  streamsGroupTargetAssignmentMetadataRecord,
  streamsGroupTargetAssignmentMemberRecord,
  streamsGroupCurrentMemberAssignmentRecord,
  streamsGroupTopologyRecord,
)

/** What `__transaction_state` holds. */
export const transactionRecords = byType(transactionLogRecord)

/** What `__share_group_state` holds. */
export const shareRecords = byType(shareSnapshotRecord, shareUpdateRecord)
