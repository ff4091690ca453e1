import {
  type Decoded,
  type Input,
  api,
  array,
  bool,
  int16,
  int32,
  int8,
  request,
  response,
  string,
} from '../schema/index.ts'

export const updateFeaturesRequest = request(
  'UpdateFeatures',
  { versions: '0-2', flexible: '0+' },
  {
    timeoutMs: int32({ default: 60000 }),
    featureUpdates: array({
      feature: string(),
      maxVersionLevel: int16(),
      allowDowngrade: bool({ versions: '0' }),
      upgradeType: int8({ versions: '1+', default: 1 }),
    }),
    validateOnly: bool({ versions: '1+', default: false }),
  },
)

export const updateFeaturesResponse = response(
  'UpdateFeatures',
  { versions: '0-2', flexible: '0+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
    results: array(
      {
        feature: string(),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+' }),
      },
      { versions: '0-1', ignorable: true },
    ),
  },
)

export const updateFeaturesApi = api(57, 'UpdateFeatures', updateFeaturesRequest, updateFeaturesResponse)

export type UpdateFeaturesRequest = Decoded<typeof updateFeaturesRequest>
export type UpdateFeaturesRequestInput = Input<typeof updateFeaturesRequest>
export type UpdateFeaturesResponse = Decoded<typeof updateFeaturesResponse>
export type UpdateFeaturesResponseInput = Input<typeof updateFeaturesResponse>
