/** The uuid that stands for none. */
export const zeroUuid = 'AAAAAAAAAAAAAAAAAAAAAA'
