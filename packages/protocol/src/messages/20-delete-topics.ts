import { type Decoded, type Input, api, array, int16, int32, request, response, string, uuid } from '../schema/index.ts'

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

export const deleteTopicsApi = api(20, 'DeleteTopics', deleteTopicsRequest, deleteTopicsResponse)

export type DeleteTopicsRequest = Decoded<typeof deleteTopicsRequest>
export type DeleteTopicsRequestInput = Input<typeof deleteTopicsRequest>
export type DeleteTopicsResponse = Decoded<typeof deleteTopicsResponse>
export type DeleteTopicsResponseInput = Input<typeof deleteTopicsResponse>
