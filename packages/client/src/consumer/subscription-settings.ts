import { isText, wrong } from '../cluster/checked.ts'
import type { ManualAssignment, PlainConsumerOptions } from './consumer-api.ts'
import { checkStart } from './offsets/start-offsets.ts'
import { keyOf } from './reading/partition-state.ts'

type Asked = Pick<PlainConsumerOptions, 'topics' | 'assignment'>

/** What is subscribed to; nothing where partitions are assigned by hand. Throws a RangeError. */
export function topicsOf({ topics, assignment }: Asked): readonly string[] | RegExp {
  if ((topics === undefined) === (assignment === undefined)) {
    throw new RangeError('a consumer needs topics or an assignment, and not both')
  }
  if (topics === undefined) return []
  if (topics instanceof RegExp) return topics
  const list: unknown = typeof topics === 'string' ? [topics] : topics
  if (isList(list) && list.every(isText)) return [...new Set(list)]
  throw wrong('topics', topics, 'the name of a topic, a list of at least one, or a RegExp')
}

/** The partitions that are assigned by hand; undefined where there are topics. Throws a RangeError. */
export function assignmentOf({ assignment }: Asked): readonly ManualAssignment[] | undefined {
  if (assignment === undefined) return undefined
  if (!isList(assignment) || !assignment.every(isPartition)) {
    throw wrong('assignment', assignment, 'a list of at least one { topic, partition }')
  }
  for (const { start } of assignment) checkStart(start)
  const seen = new Set<string>()
  const twice = assignment.find((each) => seen.size === seen.add(keyOf(each)).size)
  if (twice === undefined) return assignment
  throw new RangeError(`assignment names partition ${twice.partition} of ${twice.topic} twice`)
}

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value) && value.length > 0

function isPartition(value: unknown): value is ManualAssignment {
  const { topic, partition }: Partial<Record<'topic' | 'partition', unknown>> = Object(value)
  return isText(topic) && typeof partition === 'number' && Number.isInteger(partition) && partition >= 0
}
