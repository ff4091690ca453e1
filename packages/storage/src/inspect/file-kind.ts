/** What a file of a log directory is, by its name. */
export type FileKind =
  | 'segment'
  | 'offset index'
  | 'time index'
  | 'transaction index'
  | 'producer snapshot'
  | 'producer batches'
  | 'offset checkpoint'
  | 'leader epochs'
  | 'properties'
  | 'json'

// What stands behind a name while a file is being made, swapped in or removed.
const temporarySuffix = /\.(?:deleted|cleaned|swap|tmp|damaged[^/]*)$/

const kinds: readonly (readonly [RegExp, FileKind])[] = [
  // KRaft's snapshots of the metadata are record batches too.
  [/^\d{20}\.log$|^\d{20}-\d{10}\.checkpoint$/, 'segment'],
  [/^\d{20}\.index$/, 'offset index'],
  [/^\d{20}\.timeindex$/, 'time index'],
  [/^\d{20}\.txnindex$/, 'transaction index'],
  [/^\d{20}\.snapshot$/, 'producer snapshot'],
  [/^\d{20}\.batches$/, 'producer batches'],
  [/-offset-checkpoint$/, 'offset checkpoint'],
  [/^leader-epoch-checkpoint$/, 'leader epochs'],
  [/^(?:meta\.properties|partition\.metadata)$/, 'properties'],
  [/^(?:quorum-state|\.kafka_cleanshutdown|\.lock-owner|\.moved-from)$/, 'json'],
]

/** Undefined for a name that no file of a log directory has. */
export function fileKindOf(path: string): FileKind | undefined {
  const name = plainName(path)
  return kinds.find(([pattern]) => pattern.test(name))?.[1]
}

/** The first offset that a file's name says; 0 where it says none. */
export const baseOffsetInName = (path: string): number => Number(/^\d{20}/.exec(plainName(path))?.[0] ?? 0)

const plainName = (path: string): string => path.slice(path.lastIndexOf('/') + 1).replace(temporarySuffix, '')
