import { type Decoded, type Input, int32, message } from '../schema/index.ts'

export const endTxnMarker = message(
  'EndTxnMarker',
  { versions: '0', flexible: 'none' },
  {
    coordinatorEpoch: int32(),
  },
)

export interface EndTxnMarker extends Decoded<typeof endTxnMarker> {}
export interface EndTxnMarkerInput extends Input<typeof endTxnMarker> {}
