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
  uuid,
} from '../schema/index.ts'

export const createTopicsRequest = request(
  'CreateTopics',
  { versions: '2-7', flexible: '5+' },
  {
    topics: array({
      name: string(),
      numPartitions: int32(),
      replicationFactor: int16(),
      assignments: array({
        partitionIndex: int32(),
        brokerIds: array(int32()),
      }),
      configs: array({
        name: string(),
        value: string({ nullable: '0+' }),
      }),
    }),
    timeoutMs: int32({ default: 60000 }),
    validateOnly: bool({ default: false }),
  },
)

export const createTopicsResponse = response(
  'CreateTopics',
  { versions: '2-7', flexible: '5+' },
  {
    throttleTimeMs: int32({ default: 0, ignorable: true }),
    topics: array({
      name: string(),
      topicId: uuid({ versions: '7+', ignorable: true }),
      errorCode: int16(),
      errorMessage: string({ nullable: '0+', ignorable: true }),
      topicConfigErrorCode: int16({ versions: '5+', tag: 0, ignorable: true }),
      numPartitions: int32({ versions: '5+', default: -1, ignorable: true }),
      replicationFactor: int16({ versions: '5+', default: -1, ignorable: true }),
      configs: array(
        {
          name: string(),
          value: string({ nullable: '5+' }),
          readOnly: bool(),
          configSource: int8({ default: -1, ignorable: true }),
          isSensitive: bool(),
        },
        { versions: '5+', nullable: '5+', ignorable: true },
      ),
    }),
  },
)

export interface CreateTopicsRequest extends Decoded<typeof createTopicsRequest> {}
export interface CreateTopicsRequestInput extends Input<typeof createTopicsRequest> {}
export interface CreateTopicsResponse extends Decoded<typeof createTopicsResponse> {}
export interface CreateTopicsResponseInput extends Input<typeof createTopicsResponse> {}

export const createTopicsApi: Api<
  CreateTopicsRequest,
  CreateTopicsResponse,
  CreateTopicsRequestInput,
  CreateTopicsResponseInput
> = api(19, 'CreateTopics', createTopicsRequest, createTopicsResponse)
