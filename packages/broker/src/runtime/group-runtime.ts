import type { Clock, Logger, Random } from '@millrace/kernel'
import type {
  AnswerBody,
  AnswerKind,
  ClientCommand,
  GroupAnswer,
  GroupEffect,
  GroupSettings,
  GroupToken,
  MetadataImage,
} from '@millrace/machines'
import { answers, offsetsTopic, refuseGroupCommand } from '@millrace/machines'
import { coordinatorPartition } from '@millrace/protocol'
import type { ObservedGroup } from '../observe/observed-broker.ts'
import { GroupPartition } from './group-partition.ts'
import type { Partition } from './partition.ts'

type CommandOf<Kind extends AnswerKind> = Extract<ClientCommand, { readonly kind: Kind }>
/** A command as a handler writes it; the runtime gives it its token. */
export type GroupRequest<Kind extends AnswerKind> = Omit<CommandOf<Kind>, 'token'>

export interface GroupRuntimeOptions {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly settings: () => GroupSettings
  readonly image: () => MetadataImage
  readonly onEffect: (effect: GroupEffect) => void
}

/** The group coordinators of this broker: one for each partition of `__consumer_offsets` that it leads. */
export class GroupRuntime {
  readonly #options: GroupRuntimeOptions
  readonly #partitions = new Map<number, GroupPartition>()
  #nextToken = 1

  constructor(options: GroupRuntimeOptions) {
    this.#options = options
  }

  /** How many partitions the groups are spread over; 0 before the topic is there. */
  get partitionCount(): number {
    return this.#options.image().topicsByName.get(offsetsTopic)?.partitions.length ?? 0
  }

  partitionFor(groupId: string): number {
    return coordinatorPartition(groupId, Math.max(1, this.partitionCount))
  }

  /** This broker leads the partition from now on. */
  lead(partition: Partition): void {
    this.#partitions.get(partition.index)?.close()
    this.#partitions.set(partition.index, new GroupPartition(partition, this.#options))
  }

  resign(partition: number): void {
    this.#partitions.get(partition)?.close()
    this.#partitions.delete(partition)
  }

  topicsDeleted(topics: readonly { readonly name: string; readonly topicId: string }[]): void {
    for (const partition of this.#partitions.values()) partition.tell({ kind: 'topicsDeleted', topics })
  }

  /** Asks the coordinator of `groupId`; the answer may say that it isn't here. */
  ask<Kind extends AnswerKind>(groupId: string, request: GroupRequest<Kind>): Promise<AnswerBody<Kind>> {
    return this.#ask(this.#partitions.get(this.partitionFor(groupId)), request)
  }

  /** Asks every coordinator of this broker. */
  async askAll<Kind extends AnswerKind>(request: GroupRequest<Kind>): Promise<AnswerBody<Kind>[]> {
    const asked = [...this.#partitions.values()].map((partition) => this.#ask(partition, request))
    const bodies: AnswerBody<Kind>[] = []
    for (const answer of asked) bodies.push(await answer)
    return bodies
  }

  /** Whether one of this broker's coordinators still reads its log. */
  get isLoading(): boolean {
    return [...this.#partitions.values()].some((partition) => !partition.isActive)
  }

  /** The groups in bundles of one coordinator each. */
  byPartition(groupIds: readonly string[]): string[][] {
    const bundles = new Map<number, string[]>()
    for (const groupId of groupIds) {
      const partition = this.partitionFor(groupId)
      const bundle = bundles.get(partition)
      if (bundle === undefined) bundles.set(partition, [groupId])
      else bundle.push(groupId)
    }
    return [...bundles.values()]
  }

  /** Every group that this broker's coordinators know, for metrics. */
  *observed(): Iterable<ObservedGroup> {
    for (const partition of this.#partitions.values()) yield* partition.observed()
  }

  close(): void {
    for (const partition of this.#partitions.values()) partition.close()
    this.#partitions.clear()
  }

  async #ask<Kind extends AnswerKind>(
    partition: GroupPartition | undefined,
    request: GroupRequest<Kind>,
  ): Promise<AnswerBody<Kind>> {
    const command = withToken(request, this.#nextToken)
    this.#nextToken += 1
    const answer = await answerOf(partition, command)
    if (!answers<Kind>(command.kind, answer)) {
      throw new Error(`the groups answered '${answer.kind}' to a '${command.kind}'`)
    }
    // The compiler doesn't follow that a body of this kind is the body of this kind.
    return answer.body as AnswerBody<Kind>
  }
}

const answerOf = (partition: GroupPartition | undefined, command: ClientCommand): Promise<GroupAnswer> =>
  new Promise((resolve) => {
    if (partition === undefined) resolve(refuseGroupCommand(command, 'NOT_COORDINATOR').answer)
    else partition.ask(command, resolve)
  })

const withToken = <Kind extends AnswerKind>(
  request: GroupRequest<Kind>,
  token: GroupToken,
): CommandOf<Kind> & { readonly kind: Kind } => ({ ...request, token }) as CommandOf<Kind> & { readonly kind: Kind }
