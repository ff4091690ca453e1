import {
  type Api,
  type Decoded,
  type Input,
  api,
  array,
  int16,
  int32,
  int8,
  request,
  response,
  string,
} from '../schema/index.ts'

export const findCoordinatorRequest = request(
  'FindCoordinator',
  { versions: '0-6', flexible: '3+' },
  {
    key: string({ versions: '0-3' }),
    keyType: int8({ versions: '1+', default: 0 }),
    coordinatorKeys: array(string(), { versions: '4+' }),
  },
)

export const findCoordinatorResponse = response(
  'FindCoordinator',
  { versions: '0-6', flexible: '3+' },
  {
    throttleTimeMs: int32({ versions: '1+', default: 0, ignorable: true }),
    errorCode: int16({ versions: '0-3' }),
    errorMessage: string({ versions: '1-3', nullable: '1-3', ignorable: true }),
    nodeId: int32({ versions: '0-3' }),
    host: string({ versions: '0-3' }),
    port: int32({ versions: '0-3' }),
    coordinators: array(
      {
        key: string(),
        nodeId: int32(),
        host: string(),
        port: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: '4+', ignorable: true }),
      },
      { versions: '4+' },
    ),
  },
)

export interface FindCoordinatorRequest extends Decoded<typeof findCoordinatorRequest> {}
export interface FindCoordinatorRequestInput extends Input<typeof findCoordinatorRequest> {}
export interface FindCoordinatorResponse extends Decoded<typeof findCoordinatorResponse> {}
export interface FindCoordinatorResponseInput extends Input<typeof findCoordinatorResponse> {}

export const findCoordinatorApi: Api<
  FindCoordinatorRequest,
  FindCoordinatorResponse,
  FindCoordinatorRequestInput,
  FindCoordinatorResponseInput
> = api(10, 'FindCoordinator', findCoordinatorRequest, findCoordinatorResponse)
