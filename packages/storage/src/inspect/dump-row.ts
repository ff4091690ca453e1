/** What stands in a file, as values that JSON can carry; bytes are given as they are. */
export type DumpValue =
  | string
  | number
  | boolean
  | null
  | Uint8Array
  | readonly DumpValue[]
  | { readonly [name: string]: DumpValue }

/** One thing in a file: `type` says what, the other fields depend on it. */
export interface DumpRow {
  readonly type: 'batch' | 'record' | 'entry' | 'producer' | 'line' | 'damage'
  readonly [name: string]: DumpValue
}

/** Where a file isn't what it should be. */
export const damageRow = (
  place: { readonly position: number; readonly sizeBytes: number },
  expected: string,
  got: string,
): DumpRow => ({ type: 'damage', ...place, expected, got })
