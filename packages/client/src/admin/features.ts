import { apiVersionsApi, updateFeaturesApi } from '@millrace/protocol'
import { partError, throwOnError } from '../cluster/cluster.ts'
import type { Call } from './call.ts'
import { brokerTimeoutMs } from './call.ts'
import type { FeaturesDescription, FeatureUpdate } from './cluster-api.ts'
import { wordIn } from './names.ts'
import { doneOrNot, failed, succeeded } from './outcome.ts'
import { onceEach } from './once-each.ts'
import type { Outcome, Outcomes } from './outcome-types.ts'
import { askOne, request } from './request.ts'
import { toAny, toBrokers, toController } from './routes.ts'
import type { ValidateOptions } from './topics-api.ts'

// The first version that tells of features.
const featuresVersion = 3

// A broker logs who asks; it refuses to be asked by nobody.
const software = { clientSoftwareName: 'millrace', clientSoftwareVersion: '0.1.0' }

export async function describeFeatures(
  call: Call,
  { broker }: { readonly broker?: number },
): Promise<FeaturesDescription> {
  const route = broker === undefined ? toAny<null> : toBrokers<null>(() => broker)
  const response = await askOne(call, route, async (connection) => {
    const answer = await request(call, connection, apiVersionsApi, software, { min: featuresVersion })
    throwOnError(answer.errorCode, connection, apiVersionsApi.name)
    return answer
  })
  return {
    supported: new Map(
      response.supportedFeatures.map(({ name, minVersion: min, maxVersion: max }) => [name, { min, max }]),
    ),
    finalized: new Map(
      response.finalizedFeatures.map(({ name, minVersionLevel: min, maxVersionLevel: max }) => [name, { min, max }]),
    ),
    finalizedEpoch: response.finalizedFeaturesEpoch < 0 ? null : response.finalizedFeaturesEpoch,
  }
}

const upgradeTypes = { upgrade: 1, 'safe-downgrade': 2, 'unsafe-downgrade': 3 }

// The first version that can check without doing, and that knows two kinds of downgrade.
const validateVersion = 1

export async function updateFeatures(
  call: Call,
  given: readonly FeatureUpdate[],
  { validateOnly = false }: ValidateOptions,
): Promise<Outcomes<null>> {
  const updates = onceEach(given, ({ feature }) => feature)
  if (updates.length === 0) return new Map()
  const oldEnough = !validateOnly && updates.every(({ direction }) => direction !== 'unsafe-downgrade')
  return askOne(call, toController<null>, async (connection) => {
    const response = await request(
      call,
      connection,
      updateFeaturesApi,
      (version) => ({
        timeoutMs: brokerTimeoutMs(call),
        featureUpdates: updates.map(({ feature, level, direction = 'upgrade' }) => ({
          feature,
          maxVersionLevel: level,
          ...(version >= validateVersion
            ? { upgradeType: wordIn('direction', upgradeTypes, direction) }
            : { allowDowngrade: direction !== 'upgrade' }),
        })),
        ...(version >= validateVersion ? { validateOnly } : {}),
      }),
      oldEnough ? {} : { min: validateVersion },
    )
    const error = partError(response.errorCode, connection, updateFeaturesApi.name, response.errorMessage)
    if (error.retriable) throw error
    // Since version 2 it is all or nothing, and only the whole has an error.
    const whole: Outcome<null> = response.errorCode === 0 ? succeeded(null) : failed(error)
    const single = new Map(
      response.results.map(({ feature, errorCode, errorMessage }) => [
        feature,
        doneOrNot(errorCode, errorMessage, connection, updateFeaturesApi, feature),
      ]),
    )
    return new Map(updates.map(({ feature }) => [feature, single.get(feature) ?? whole]))
  })
}
