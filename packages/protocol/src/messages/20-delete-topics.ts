import {
  type Api,
  type Decoded,
  type Input,
  api,
  array,
  int16,
  int32,
  request,
  response,
  string,
  uuid,
} from '../schema/index.ts'

export const deleteTopicsRequest = request(
  'DeleteTopics',
  { versions: '1-6', flexible: '4+' },
  {
    topics: array(
      {
        name: string({ nullable: '6+', default: null }),
        topicId: uuid(),
      },
      { versions: '6+' },
    ),
    topicNames: array(string(), { versions: '0-5', ignorable: true }),
    timeoutMs: int32(),
  },
)

export const deleteTopicsResponse = response(
  'DeleteTopics',
  { versions: '1-6', flexible: '4+' },
  {
    throttleTimeMs: int32({ default: 0, ignorable: true }),
    responses: array({
      name: string({ nullable: '6+' }),
      topicId: uuid({ versions: '6+', ignorable: true }),
      errorCode: int16(),
      errorMessage: string({ versions: '5+', nullable: '5+', default: null, ignorable: true }),
    }),
  },
)

export interface DeleteTopicsRequest extends Decoded<typeof deleteTopicsRequest> {}
export interface DeleteTopicsRequestInput extends Input<typeof deleteTopicsRequest> {}
export interface DeleteTopicsResponse extends Decoded<typeof deleteTopicsResponse> {}
export interface DeleteTopicsResponseInput extends Input<typeof deleteTopicsResponse> {}

export const deleteTopicsApi: Api<
  DeleteTopicsRequest,
  DeleteTopicsResponse,
  DeleteTopicsRequestInput,
  DeleteTopicsResponseInput
> = api(20, 'DeleteTopics', deleteTopicsRequest, deleteTopicsResponse)
