import type * as z from 'zod';
import { type Fault, Problem } from './problems.ts';

const maxFaults = 20;

/** How the value could be mended, as far as the schema tells. */
function fixOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `Send ${article(issue.expected)}.`;
    case 'unrecognized_keys':
      return `Remove ${issue.keys.map((key) => `"${key}"`).join(', ')}; check the spelling.`;
    case 'invalid_value':
      return `Send one of ${issue.values.map((value) => JSON.stringify(value)).join(', ')}.`;
    case 'too_small':
      return `Send at least ${issue.minimum}${unitOf(issue.origin)}.`;
    case 'too_big':
      return `Send at most ${issue.maximum}${unitOf(issue.origin)}.`;
    case 'invalid_format':
      return issue.pattern ? `Send text that matches ${issue.pattern}.` : `Send a ${issue.format}.`;
    case 'not_multiple_of':
      return `Send a multiple of ${issue.divisor}.`;
    default:
      return 'See the schema of this route at /openapi.json.';
  }
}

const article = (noun: string) => (/^[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`);

const unitOf = (origin: string) =>
  origin === 'string' ? ' characters' : origin === 'array' ? ' entries' : '';

const escapePointer = (part: PropertyKey) =>
  String(part).replaceAll('~', '~0').replaceAll('/', '~1');

/** The issues of a failed parse as faults, each with its pointer and its fix. */
function faultsOf(error: z.ZodError, root: string): Fault[] {
  return error.issues.slice(0, maxFaults).map((issue) => ({
    pointer: [root, ...issue.path.map(escapePointer)].join('/'),
    detail: issue.message,
    fix: fixFromMeta(issue) ?? fixOf(issue),
  }));
}

/** A refinement may carry its own fix: `.refine(check, {error, params: {fix: '…'}})`. */
function fixFromMeta(issue: z.core.$ZodIssue): string | undefined {
  if (issue.code !== 'custom') return undefined;
  const fix = issue.params?.fix;
  return typeof fix === 'string' ? fix : undefined;
}

/**
 * @param root where the value stands in the request: empty for the body, else `query`, `path`, …
 * @throws Problem `validation_failed` with a fault for each issue
 */
export function validate<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  root: '' | 'query' | 'path' | 'header',
): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw validationFailed(...faultsOf(parsed.error, root));
}

/** The faults of a request as one problem; its detail tells the first. */
export function validationFailed(...faults: Fault[]): Problem {
  const [first] = faults;
  return new Problem('validation_failed', {
    detail: first ? `${first.pointer || 'The body'}: ${first.detail}. ${first.fix}` : 'Invalid.',
    errors: faults,
  });
}
