const pageBytes = 1024 * 1024

/** The content of a file in memory: pages of 1 MiB, a first one that grows from nothing so that small files stay small. */
export class PagedBytes {
  readonly #pages: Uint8Array[] = []
  #sizeBytes = 0

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  resize(sizeBytes: number): void {
    if (sizeBytes < this.#sizeBytes) this.#shrink(sizeBytes)
    else this.#grow(sizeBytes)
    this.#sizeBytes = sizeBytes
  }

  #shrink(sizeBytes: number): void {
    this.#pages.length = Math.ceil(sizeBytes / pageBytes)
    // What is cut off must read as zeros should the file grow again.
    this.#pages.at(-1)?.fill(0, sizeBytes - (this.#pages.length - 1) * pageBytes)
  }

  #grow(sizeBytes: number): void {
    const pagesWanted = Math.ceil(sizeBytes / pageBytes)
    const first = this.#pages[0]
    if (pagesWanted > 0 && (first === undefined || first.length < Math.min(sizeBytes, pageBytes))) {
      const grown = new Uint8Array(pagesWanted > 1 ? pageBytes : Math.min(pageBytes, Math.max(256, 2 * sizeBytes)))
      if (first !== undefined) grown.set(first)
      this.#pages[0] = grown
    }
    while (this.#pages.length < pagesWanted) this.#pages.push(new Uint8Array(pageBytes))
  }

  /** Within the current size. */
  write(source: Uint8Array, position: number): void {
    for (let done = 0; done < source.length;) {
      const at = position + done
      const within = at % pageBytes
      const count = Math.min(source.length - done, pageBytes - within)
      this.#pages[Math.floor(at / pageBytes)]?.set(source.subarray(done, done + count), within)
      done += count
    }
  }

  read(target: Uint8Array, position: number): number {
    const count = Math.max(0, Math.min(target.length, this.#sizeBytes - position))
    for (let done = 0; done < count;) {
      const at = position + done
      const within = at % pageBytes
      const part = Math.min(count - done, pageBytes - within)
      const page = this.#pages[Math.floor(at / pageBytes)]
      if (page !== undefined) target.set(page.subarray(within, within + part), done)
      done += part
    }
    return count
  }
}
