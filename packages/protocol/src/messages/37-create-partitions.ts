import { type Decoded, type Input, api, array, bool, int16, int32, request, response, string } from '../schema/index.ts'

export const createPartitionsRequest = request(
  'CreatePartitions',
  { versions: '0-3', flexible: '2+' },
  {
    topics: array({
      name: string(),
      count: int32(),
      assignments: array(
        {
          brokerIds: array(int32()),
        },
        { nullable: '0+' },
      ),
    }),
    timeoutMs: int32(),
    validateOnly: bool(),
  },
)

export const createPartitionsResponse = response(
  'CreatePartitions',
  { versions: '0-3', flexible: '2+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    results: array({
      name: string(),
      errorCode: int16(),
      errorMessage: string({ nullable: '0+', default: null }),
    }),
  },
)

export const createPartitionsApi = api(37, 'CreatePartitions', createPartitionsRequest, createPartitionsResponse)

export type CreatePartitionsRequest = Decoded<typeof createPartitionsRequest>
export type CreatePartitionsRequestInput = Input<typeof createPartitionsRequest>
export type CreatePartitionsResponse = Decoded<typeof createPartitionsResponse>
export type CreatePartitionsResponseInput = Input<typeof createPartitionsResponse>
