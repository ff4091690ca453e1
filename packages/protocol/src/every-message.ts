import { groupRecords, shareRecords, transactionRecords } from './coordinator-records/record-tables.ts'
import { apis } from './messages/apis.ts'
import { consumerProtocolAssignment } from './messages/consumer-protocol-assignment.ts'
import { consumerProtocolSubscription } from './messages/consumer-protocol-subscription.ts'
import { controlRecordTypeSchema } from './messages/control-record-type-schema.ts'
import { defaultPrincipalData } from './messages/default-principal-data.ts'
import { endTxnMarker } from './messages/end-txn-marker.ts'
import { kRaftVersionRecord } from './messages/kraft-version-record.ts'
import { leaderChangeMessage } from './messages/leader-change-message.ts'
import { requestHeader } from './messages/request-header.ts'
import { responseHeader } from './messages/response-header.ts'
import { snapshotFooterRecord } from './messages/snapshot-footer-record.ts'
import { snapshotHeaderRecord } from './messages/snapshot-header-record.ts'
import { votersRecord } from './messages/voters-record.ts'
import type { Message } from './schema/index.ts'

/** Any message, where it is known only at run time. */
export type AnyMessage = Message<unknown, never>

const withoutApi: readonly AnyMessage[] = [
  consumerProtocolAssignment,
  consumerProtocolSubscription,
  controlRecordTypeSchema,
  defaultPrincipalData,
  endTxnMarker,
  kRaftVersionRecord,
  leaderChangeMessage,
  requestHeader,
  responseHeader,
  snapshotFooterRecord,
  snapshotHeaderRecord,
  votersRecord,
]

const coordinatorRecords = [groupRecords, transactionRecords, shareRecords].flatMap((table) => [...table.values()])

const everyMessage: readonly AnyMessage[] = [
  ...[...apis.values()].flatMap((api): AnyMessage[] => [api.request, api.response]),
  ...coordinatorRecords.flatMap((record): AnyMessage[] => [record.key, record.value]),
  ...withoutApi,
]

/** Everything that is declared, by its name in Kafka's schemas. */
export const messageByName: ReadonlyMap<string, AnyMessage> = new Map(
  everyMessage.map((message) => [message.name, message]),
)
