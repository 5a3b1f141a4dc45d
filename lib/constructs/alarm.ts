import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  Alarm as CloudWatchAlarm,
  ComparisonOperator,
  type IMetric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';

export interface AlarmProps {
  readonly metric: IMetric;
  /** Rings at this value or above. */
  readonly threshold: number;
  /** How many periods of the metric in a row; 1 unless said otherwise. */
  readonly periods?: number;
  /** `page`: someone has to look now. `ticket`: on the next working day. */
  readonly severity: 'page' | 'ticket';
  /** The heading of docs/runbook.md under which it says what to do, as an anchor. */
  readonly runbook: string;
  readonly topic: ITopic;
}

const runbook = 'docs/runbook.md';

/** An alarm that says what to do. Without a section in the runbook the template is not made. */
export class Alarm extends Construct {
  constructor(scope: Construct, id: string, name: string, props: AlarmProps) {
    super(scope, id);
    this.node.addValidation({ validate: () => complaintsOf(props.runbook) });
    const alarm = new CloudWatchAlarm(this, 'Alarm', {
      alarmName: name,
      alarmDescription: `${props.severity}: ${runbook}#${props.runbook}`,
      metric: props.metric,
      threshold: props.threshold,
      evaluationPeriods: props.periods ?? 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(props.topic));
    alarm.addOkAction(new SnsAction(props.topic));
  }
}

/** Anchors of the runbook's headings, as GitHub makes them. */
export function runbookAnchors(): Set<string> {
  const text = readFileSync(join(import.meta.dirname, '../..', runbook), 'utf8');
  const headings = [...text.matchAll(/^#+ +(.+)$/gm)].map((match) => match[1] ?? '');
  return new Set(headings.map(anchorOf));
}

const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');

const complaintsOf = (anchor: string): string[] =>
  runbookAnchors().has(anchor) ? [] : [`${runbook} has no section #${anchor}. Write it first.`];
