export type { EpochEnd, FollowerAction, FollowerEvent, FollowerState } from './follower.ts'
export { stepFollower } from './follower.ts'
export type {
  CommittedState,
  FollowerProgress,
  IsrProposal,
  LeaderAction,
  LeaderEvent,
  LeaderSettings,
  LeaderState,
  NewLeader,
} from './leader.ts'
export { becomeLeader, effectiveMinIsr, isUnderMinIsr, leadsPartition, maximalIsr, stepLeader } from './leader.ts'
