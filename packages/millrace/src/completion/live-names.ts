import type { AdminApi } from '@millrace/client'

const patienceMs = 1_000

async function ask(bootstrapServers: string, read: (admin: AdminApi) => Promise<string[]>): Promise<string[]> {
  const { Admin } = await import('@millrace/client')
  const admin = new Admin({ bootstrapServers, clientId: 'millrace-completion', defaultApiTimeoutMs: patienceMs })
  try {
    return await read(admin)
  } finally {
    await admin.close()
  }
}

/** Names for completion; rejects where no broker answers within a second. */
export const topicNames = (bootstrapServers: string): Promise<string[]> =>
  ask(bootstrapServers, async (admin) => (await admin.listTopics()).map((topic) => topic.name))

export const groupNames = (bootstrapServers: string): Promise<string[]> =>
  ask(bootstrapServers, async (admin) => (await admin.listGroups()).map((group) => group.groupId))
