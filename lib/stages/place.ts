/** What is not known until someone deploys: `cdk deploy -c account=… -c region=…`. */
export interface Place {
  readonly account?: string;
  readonly region?: string;
  /** Where a person's browser reaches the platform, without a trailing slash. */
  readonly frontDoorUrl?: string;
}
