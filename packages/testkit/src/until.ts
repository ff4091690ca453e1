/** Waits, for 30 s at most, until it is so. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + 30_000
  while (!(await isSo())) {
    if (performance.now() > deadlineMs) throw new Error(`after 30 s still not: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
