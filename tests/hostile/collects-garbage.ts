// Loaded into a broker under test: at SIGUSR2 it collects its garbage, and says in its log what memory it has then.
const { gc } = globalThis
if (gc === undefined) throw new Error('needs --expose-gc')
const collect = (): void => gc({ type: 'major', execution: 'sync', flavor: 'last-resort' })

process.on('SIGUSR2', () => {
  collect()
  // Waits for what the first one frees aside.
  collect()
  process.stderr.write(`garbage is collected: ${JSON.stringify(process.memoryUsage())}\n`)
})
