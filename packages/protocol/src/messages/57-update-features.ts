import {
  type Api,
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

export interface UpdateFeaturesRequest extends Decoded<typeof updateFeaturesRequest> {}
export interface UpdateFeaturesRequestInput extends Input<typeof updateFeaturesRequest> {}
export interface UpdateFeaturesResponse extends Decoded<typeof updateFeaturesResponse> {}
export interface UpdateFeaturesResponseInput extends Input<typeof updateFeaturesResponse> {}

export const updateFeaturesApi: Api<
  UpdateFeaturesRequest,
  UpdateFeaturesResponse,
  UpdateFeaturesRequestInput,
  UpdateFeaturesResponseInput
> = api(57, 'UpdateFeatures', updateFeaturesRequest, updateFeaturesResponse)
