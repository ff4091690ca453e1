import { type Decoded, type Input, int32, message } from '../schema/index.ts'

export const endTxnMarker = message(
  'EndTxnMarker',
  { versions: '0', flexible: 'none' },
  {
    coordinatorEpoch: int32(),
  },
)

export type EndTxnMarker = Decoded<typeof endTxnMarker>
export type EndTxnMarkerInput = Input<typeof endTxnMarker>
