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

export const describeLogDirsRequest = request(
  'DescribeLogDirs',
  { versions: '1-5', flexible: '2+' },
  {
    topics: array(
      {
        topic: string(),
        partitions: array(int32()),
      },
      { nullable: '0+' },
    ),
  },
)

export const describeLogDirsResponse = response(
  'DescribeLogDirs',
  { versions: '1-5', flexible: '2+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16({ versions: '3+', ignorable: true }),
    results: array({
      errorCode: int16(),
      logDir: string(),
      topics: array({
        name: string(),
        partitions: array({
          partitionIndex: int32(),
          partitionSize: int64(),
          offsetLag: int64(),
          isFutureKey: bool(),
        }),
      }),
      totalBytes: int64({ versions: '4+', default: -1, ignorable: true }),
      usableBytes: int64({ versions: '4+', default: -1, ignorable: true }),
      isCordoned: bool({ versions: '5+', default: false, ignorable: true }),
    }),
  },
)

export interface DescribeLogDirsRequest extends Decoded<typeof describeLogDirsRequest> {}
export interface DescribeLogDirsRequestInput extends Input<typeof describeLogDirsRequest> {}
export interface DescribeLogDirsResponse extends Decoded<typeof describeLogDirsResponse> {}
export interface DescribeLogDirsResponseInput extends Input<typeof describeLogDirsResponse> {}

export const describeLogDirsApi: Api<
  DescribeLogDirsRequest,
  DescribeLogDirsResponse,
  DescribeLogDirsRequestInput,
  DescribeLogDirsResponseInput
> = api(35, 'DescribeLogDirs', describeLogDirsRequest, describeLogDirsResponse)
