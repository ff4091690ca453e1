import type { Random } from '@millrace/kernel'

/** What a decision may know of the world. */
export interface Env {
  readonly wallMs: number
  readonly monotonicMs: number
  readonly random: Random
}

/** A timer that a machine asks for; the runtime hands `command` back when it fires. Keys name what they are for. */
export type TimerChange<Command> =
  | { readonly kind: 'set'; readonly key: string; readonly delayMs: number; readonly command: Command }
  | { readonly kind: 'cancel'; readonly key: string }

/** An answer to the command that came with this token: now or, as for JoinGroup, by a later decision. */
export interface Reply<Token, Answer> {
  readonly to: Token
  readonly answer: Answer
}
