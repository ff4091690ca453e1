import type { Revision } from '@millrace/kernel'
import type { Change, Condition, Entry, Op, Transaction } from './store.ts'

/** What a transaction is judged by: the key space as it is just before. */
export interface KeySpace {
  get(key: string): Pick<Entry, 'createRevision' | 'modRevision'> | undefined
  hasSession(sessionId: string): boolean
}

/**
 * The rules of a transaction, the same in every store that we keep ourselves: the changes that it makes as `revision`,
 * or null where a condition doesn't hold or a session of its puts is gone.
 */
export function evaluate(transaction: Transaction, space: KeySpace, revision: Revision): readonly Change[] | null {
  if (!transaction.conditions.every((condition) => holds(condition, space))) return null
  const changes: Change[] = []
  for (const op of transaction.ops) {
    if (op.kind === 'put' && op.sessionId !== undefined && !space.hasSession(op.sessionId)) return null
    const change = changeOf(op, space, revision)
    if (change !== null) changes.push(change)
  }
  return changes
}

function holds(condition: Condition, space: KeySpace): boolean {
  const entry = space.get(condition.key)
  if ('modRevision' in condition) return (entry?.modRevision ?? 0) === condition.modRevision
  return (entry?.createRevision ?? 0) === condition.createRevision
}

function changeOf(op: Op, space: KeySpace, revision: Revision): Change | null {
  const before = space.get(op.key)
  if (op.kind === 'delete') return before === undefined ? null : { kind: 'delete', key: op.key, revision }
  const createRevision = before?.createRevision ?? revision
  const { key, value, sessionId = null } = op
  return { kind: 'put', entry: { key, value, createRevision, modRevision: revision, sessionId } }
}

export const keyOf = (change: Change): string => (change.kind === 'put' ? change.entry.key : change.key)
