import {
  type Api,
  type Decoded,
  type Input,
  api,
  array,
  bool,
  int16,
  int32,
  request,
  response,
  string,
} from '../schema/index.ts'

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

export interface CreatePartitionsRequest extends Decoded<typeof createPartitionsRequest> {}
export interface CreatePartitionsRequestInput extends Input<typeof createPartitionsRequest> {}
export interface CreatePartitionsResponse extends Decoded<typeof createPartitionsResponse> {}
export interface CreatePartitionsResponseInput extends Input<typeof createPartitionsResponse> {}

export const createPartitionsApi: Api<
  CreatePartitionsRequest,
  CreatePartitionsResponse,
  CreatePartitionsRequestInput,
  CreatePartitionsResponseInput
> = api(37, 'CreatePartitions', createPartitionsRequest, createPartitionsResponse)
