export const offsetsTopic = '__consumer_offsets'
export const transactionsTopic = '__transaction_state'
export const shareStateTopic = '__share_group_state'

const internalTopics: ReadonlySet<string> = new Set([offsetsTopic, transactionsTopic, shareStateTopic])

/** Topics that brokers write for themselves: clients may read but not produce to them. */
export const isInternalTopic = (name: string): boolean => internalTopics.has(name)
