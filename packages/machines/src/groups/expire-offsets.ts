import type { TimerChange } from '../machine.ts'
import type { ExpireOffsetsCommand, GroupCommand } from './command.ts'
import type { GroupDecision, GroupEffect, GroupEnv, VolatileChange } from './decision.ts'
import { deletion } from './delete-groups.ts'
import { isSubscribed, offsetTombstone } from './delete-offsets.ts'
import { findGroup } from './live-group.ts'
import { hasPendingOffset } from './offsets.ts'
import type { GroupRecord } from './record.ts'
import type { GroupsState, LiveGroup, StoredOffset } from './state.ts'
import { consumerProtocolType } from './subscription.ts'

const sweepKey = 'sweep'

/** The next time that expired offsets are looked for. */
export function nextSweep(env: GroupEnv): Pick<GroupDecision, 'changes' | 'timers'> {
  const delayMs = env.settings.offsetsRetentionCheckIntervalMs
  const dueMs = env.monotonicMs + delayMs
  const command: ExpireOffsetsCommand = { kind: 'expireOffsets', key: sweepKey, dueMs }
  return {
    timers: [{ kind: 'set', key: sweepKey, delayMs, command }],
    changes: [{ kind: 'due', key: sweepKey, dueMs }],
  }
}

/** Removes offsets that nobody used for `offsets.retention.minutes`, and groups that have neither members nor offsets. */
export function expireOffsets(state: GroupsState, env: GroupEnv): GroupDecision {
  const next = nextSweep(env)
  const records: GroupRecord[] = []
  const changes: VolatileChange[] = [...next.changes]
  const timers: TimerChange<GroupCommand>[] = [...next.timers]
  const effects: GroupEffect[] = []
  for (const groupId of state.durable.groups.keys()) {
    const swept = sweepGroup(state, groupId, env)
    records.push(...swept.records)
    changes.push(...swept.changes)
    timers.push(...swept.timers)
    effects.push(...swept.effects)
  }
  return { records, atomic: false, changes, replies: [], timers, effects }
}

type Swept = Pick<GroupDecision, 'records' | 'changes' | 'timers' | 'effects'>

function sweepGroup(state: GroupsState, groupId: string, env: GroupEnv): Swept {
  const group = findGroup(state, groupId)
  if (group === undefined) return { records: [], changes: [], timers: [], effects: [] }
  const { tombstones, kept } = expiredOffsets(state, group, env)
  const effects: GroupEffect[] = []
  if (tombstones.length > 0) effects.push({ kind: 'offsetsExpired', groupId, count: tombstones.length })
  const isDead = kept === 0 && group.phase === 'Empty' && !state.durable.pendingOffsets.has(groupId)
  if (!isDead) return { records: tombstones, changes: [], timers: [], effects }
  effects.push({ kind: 'groupDeleted', groupId, reason: 'no members and no offsets' })
  const { records, changes, timers } = deletion(state, groupId, env)
  return { records: [...tombstones, ...records], changes, timers, effects }
}

function expiredOffsets(state: GroupsState, group: LiveGroup, env: GroupEnv) {
  const tombstones: GroupRecord[] = []
  let kept = 0
  for (const [topic, partitions] of state.durable.offsets.get(group.groupId) ?? []) {
    const isRead = isSubscribed(group, topic)
    for (const [partition, offset] of partitions) {
      const keep =
        isRead || !isExpired(group, offset, env) || hasPendingOffset(state.durable, group.groupId, topic, partition)
      if (keep) kept += 1
      else tombstones.push(offsetTombstone(group.groupId, topic, partition))
    }
  }
  return { tombstones, kept }
}

function isExpired(group: LiveGroup, offset: StoredOffset, env: GroupEnv): boolean {
  const sinceMs = unusedSinceMs(group, offset)
  if (sinceMs === null) return false
  if (offset.expiresAtMs !== -1) return env.wallMs >= offset.expiresAtMs
  return env.wallMs - sinceMs >= env.settings.offsetsRetentionMinutes * 60_000
}

/**
 * From when an offset's retention runs: since the group has no members, else since the commit. Null where it doesn't:
 * somebody may still be using it.
 */
function unusedSinceMs(group: LiveGroup, offset: StoredOffset): number | null {
  if (group.protocolType === null) return offset.committedAtMs
  if (group.phase === 'Empty') return group.phaseSinceMs === -1 ? offset.committedAtMs : group.phaseSinceMs
  const isKnown = group.protocolType === consumerProtocolType && group.subscribedTopics !== null
  return isKnown && group.phase === 'Stable' ? offset.committedAtMs : null
}
