/** The group begins anew, or says that we are out of date: join again. */
export class Rejoin extends Error {
  /** Whether the group has dropped us: what we had may be somebody else's already. */
  readonly lost: boolean
  constructor(lost: boolean, why: string) {
    super(why)
    this.lost = lost
  }
}
