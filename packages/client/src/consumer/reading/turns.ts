/** So much is handed out before the event loop turns: about a millisecond of it. */
export const turnBytesMax = 256 * 1024
/** What a record costs besides its bytes. */
export const recordCostBytes = 100
