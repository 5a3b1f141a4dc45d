import { Logger } from '@aws-lambda-powertools/logger';

/**
 * Structured logs. The message is the name of an event (`job.created`), everything else a field.
 * Nothing that a caller sent goes in unless it is named here or there: no bodies, no headers.
 */
export const log = new Logger();
