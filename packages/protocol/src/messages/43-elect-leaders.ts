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

export const electLeadersRequest = request(
  'ElectLeaders',
  { versions: '0-2', flexible: '2+' },
  {
    electionType: int8({ versions: '1+' }),
    topicPartitions: array(
      {
        topic: string(),
        partitions: array(int32()),
      },
      { nullable: '0+' },
    ),
    timeoutMs: int32({ default: 60000 }),
  },
)

export const electLeadersResponse = response(
  'ElectLeaders',
  { versions: '0-2', flexible: '2+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16({ versions: '1+' }),
    replicaElectionResults: array({
      topic: string(),
      partitionResult: array({
        partitionId: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+' }),
      }),
    }),
  },
)

export interface ElectLeadersRequest extends Decoded<typeof electLeadersRequest> {}
export interface ElectLeadersRequestInput extends Input<typeof electLeadersRequest> {}
export interface ElectLeadersResponse extends Decoded<typeof electLeadersResponse> {}
export interface ElectLeadersResponseInput extends Input<typeof electLeadersResponse> {}

export const electLeadersApi: Api<
  ElectLeadersRequest,
  ElectLeadersResponse,
  ElectLeadersRequestInput,
  ElectLeadersResponseInput
> = api(43, 'ElectLeaders', electLeadersRequest, electLeadersResponse)
