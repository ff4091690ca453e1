const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

// What a device says that is broken, gone, or was made read-only because it is broken.
const deviceCodes = new Set(['EIO', 'EROFS', 'ENXIO', 'ENODEV', 'ESTALE', 'EUCLEAN'])

/** Whether the disk itself has failed: asking again won't help, and what it said before may not hold. */
export const isDeviceError = (error: unknown): boolean => deviceCodes.has(codeOf(error))

/** Whether the operating system refused, so that it isn't what lies on the disk that is wrong: no room, no right, no disk. */
export const isSystemError = (error: unknown): boolean => /^E[A-Z0-9]+$/.test(codeOf(error))
