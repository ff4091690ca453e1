import type { ConsumerCloseOptions } from './consumer-api.ts'
import type { ConsumerContext } from './consumer-context.ts'
import type { Fetcher } from './fetch/fetcher.ts'
import type { GroupMember } from './group/group-member.ts'
import type { OwnOffsets } from './offsets/own-offsets.ts'
import type { Assignments } from './reading/assignments.ts'
import type { Reader } from './reading/reader.ts'

interface Parts {
  readonly reader: Reader | undefined
  readonly assignments: Assignments
  readonly offsets: OwnOffsets
  readonly member: GroupMember | undefined
  readonly fetcher: Fetcher
}

/** Lets what is in hand come to its end, commits what is done, leaves the group and disconnects. */
export async function closeConsumer(
  context: ConsumerContext,
  { reader, assignments, offsets, member, fetcher }: Parts,
  options: ConsumerCloseOptions,
): Promise<void> {
  // Until it has left, the group hears from it, and gives nobody else what is in hand.
  member?.stopJoining()
  const atWork = reader?.end()
  if (atWork !== undefined) await overOrLate(context, atWork, options)
  for (const state of context.partitions) state.letGo()
  const forgotten = fetcher.closeSessions()
  await offsets.allAnswered()
  await assignments.giveUpAll()
  await member?.close(options.leaveGroup)
  await forgotten
  context.cluster.close()
}

async function overOrLate(
  { cluster: { settings } }: ConsumerContext,
  atWork: Promise<void>,
  { timeoutMs = 30_000, signal }: ConsumerCloseOptions,
): Promise<void> {
  const late = Promise.withResolvers<'late'>()
  const giveUp = (): void => late.resolve('late')
  const timer = settings.clock.setTimer(timeoutMs, giveUp)
  if (signal?.aborted === true) giveUp()
  signal?.addEventListener('abort', giveUp, { once: true })
  if ((await Promise.race([atWork, late.promise])) === 'late') {
    settings.logger.warn('eachBatch was still at work when the consumer was closed: what it had comes again')
  }
  timer.cancel()
  signal?.removeEventListener('abort', giveUp)
}
