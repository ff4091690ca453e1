import {
  type Api,
  type Decoded,
  type Input,
  api,
  array,
  bool,
  int16,
  int32,
  int64,
  request,
  response,
  string,
} from '../schema/index.ts'

export const apiVersionsRequest = request(
  'ApiVersions',
  { versions: '0-4', flexible: '3+' },
  {
    clientSoftwareName: string({ versions: '3+', ignorable: true }),
    clientSoftwareVersion: string({ versions: '3+', ignorable: true }),
  },
)

export const apiVersionsResponse = response(
  'ApiVersions',
  { versions: '0-4', flexible: '3+' },
  {
    errorCode: int16(),
    apiKeys: array({
      apiKey: int16(),
      minVersion: int16(),
      maxVersion: int16(),
    }),
    throttleTimeMs: int32({ versions: '1+', default: 0, ignorable: true }),
    supportedFeatures: array(
      {
        name: string(),
        minVersion: int16(),
        maxVersion: int16(),
      },
      { versions: '3+', tag: 0, ignorable: true },
    ),
    finalizedFeaturesEpoch: int64({ versions: '3+', default: -1, tag: 1, ignorable: true }),
    finalizedFeatures: array(
      {
        name: string(),
        maxVersionLevel: int16(),
        minVersionLevel: int16(),
      },
      { versions: '3+', tag: 2, ignorable: true },
    ),
    zkMigrationReady: bool({ versions: '3+', default: false, tag: 3, ignorable: true }),
  },
)

export interface ApiVersionsRequest extends Decoded<typeof apiVersionsRequest> {}
export interface ApiVersionsRequestInput extends Input<typeof apiVersionsRequest> {}
export interface ApiVersionsResponse extends Decoded<typeof apiVersionsResponse> {}
export interface ApiVersionsResponseInput extends Input<typeof apiVersionsResponse> {}

export const apiVersionsApi: Api<
  ApiVersionsRequest,
  ApiVersionsResponse,
  ApiVersionsRequestInput,
  ApiVersionsResponseInput
> = api(18, 'ApiVersions', apiVersionsRequest, apiVersionsResponse)
