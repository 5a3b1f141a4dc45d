export type Unit = 'KiB' | 'ms' | 's';

/** At most `ratio` times what the bare tool takes, `plus` an allowance in the row's unit. */
export interface Target {
  readonly ratio: number;
  readonly plus: number;
}

/** One thing measured, beside the same thing done with bare tools where there is such a thing. */
export interface Row {
  readonly subject: string;
  readonly unit: Unit;
  readonly ours: number;
  readonly bare?: number;
  readonly target: Target;
}

export interface Benchmark {
  readonly name: string;
  /** What is compared with what, in a line. */
  readonly about: string;
  /** Measures both sides in one run, in turns. */
  measure(): Promise<Row[]>;
}

/** The most that `ours` may be, in the row's unit. */
export const limitOf = ({ bare = 0, target }: Row): number => target.ratio * bare + target.plus;

export const isMet = (row: Row): boolean => row.ours <= limitOf(row);
