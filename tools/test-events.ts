// A reporter for node:test that writes one JSON line per finished test, for tools/test.ts to count.
interface TestEvent {
  readonly type: string
  readonly data?: {
    readonly name?: string
    readonly file?: string
    readonly skip?: string | boolean
    readonly todo?: string | boolean
    readonly details?: { readonly type?: string; readonly duration_ms?: number }
  }
}

/** One finished test; `skip` is the reason where it was skipped. */
export interface TestResult {
  readonly name: string
  readonly passed: boolean
  readonly skip: string | null
  readonly durationMs: number
}

export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const { type, data } of source) {
    if (type !== 'test:pass' && type !== 'test:fail') continue
    // A suite is counted by the tests in it; a file run in a process of its own shows up as a test named by its path.
    if (data?.details?.type === 'suite' || data?.name === data?.file) continue
    const skip = data?.skip ?? data?.todo
    const result: TestResult = {
      name: data?.name ?? '',
      passed: type === 'test:pass',
      skip: skip === undefined || skip === false ? null : skip === true ? 'no reason given' : skip || 'no reason given',
      durationMs: data?.details?.duration_ms ?? 0,
    }
    yield `${JSON.stringify(result)}\n`
  }
}
