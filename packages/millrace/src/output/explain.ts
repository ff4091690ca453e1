const hints: Readonly<Record<string, string>> = {
  UNKNOWN_TOPIC_OR_PARTITION: 'see `millrace topic list`',
  TOPIC_ALREADY_EXISTS: '--if-not-exists says that this is fine',
  GROUP_ID_NOT_FOUND: 'see `millrace group list`',
  NON_EMPTY_GROUP: 'the group still has members: stop its consumers first',
  MESSAGE_TOO_LARGE: 'the topic bounds a record: raise its max.message.bytes',
  UNSUPPORTED_VERSION: 'the broker does not know this request',
  NOT_ENOUGH_REPLICAS: 'fewer in-sync replicas than min.insync.replicas asks for',
}

/** An error as one line for a person: what happened and what to do about it, without a stack. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const name = kafkaErrorName(error)
  const hint = name === undefined ? undefined : hints[name]
  return hint === undefined || error.message.includes(hint) ? error.message : `${error.message} (${hint})`
}

// By its shape: to import the class would load the protocol package for `--help` and for completion.
function kafkaErrorName(error: Error): string | undefined {
  return 'error' in error && typeof error.error === 'string' ? error.error : undefined
}
