import type { AnyHandler, HandlerTable } from './handler.ts'

/** Versions of one API that a client is told of. */
export const advertisedVersions = ({ api, advertised }: AnyHandler): { readonly min: number; readonly max: number } =>
  advertised ?? { min: api.minVersion, max: api.maxVersion }

/** Versions that are answered: those of the message, less what isn't advertised. */
export function isServed(handler: AnyHandler, version: number): boolean {
  const { api } = handler
  const { min, max } = advertisedVersions(handler)
  return version >= api.minVersion && version <= api.maxVersion && version >= min && version <= max
}

/** Puts handlers in a table by their keys. */
export const handlerTable = (handlers: readonly AnyHandler[]): HandlerTable =>
  new Map(handlers.toSorted((a, b) => a.api.key - b.api.key).map((handler) => [handler.api.key, handler]))
