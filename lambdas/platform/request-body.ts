import type { APIGatewayProxyEvent } from 'aws-lambda';
import { Problem } from './problems.ts';

const maxBodyBytes = 256 * 1024;
const maxDepth = 32;

/**
 * The JSON body of a request.
 *
 * @throws Problem `unsupported_media_type`, `body_too_large`, `malformed_json`
 */
export function readJson(
  event: APIGatewayProxyEvent,
  header: (name: string) => string | undefined,
): unknown {
  const contentType = header('content-type');
  if (event.body && contentType && !/^application\/([\w.+-]+\+)?json\b/i.test(contentType)) {
    throw new Problem('unsupported_media_type', {
      detail: `The body is ${contentType.slice(0, 100)}. Send Content-Type: application/json.`,
    });
  }
  const bytes = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > maxBodyBytes) {
    throw new Problem('body_too_large', {
      detail: `The body has ${bytes.length} bytes; at most ${maxBodyBytes} are read.`,
    });
  }
  const text = bytes.toString();
  if (text.trim() === '') return {};
  if (depthOf(text) > maxDepth) {
    throw new Problem('malformed_json', {
      detail: `The body nests deeper than ${maxDepth} levels.`,
    });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'not JSON';
    throw new Problem('malformed_json', { detail: `The body is not valid JSON: ${reason}.` });
  }
}

/** Deepest nesting of brackets outside strings, counted before the parser sees the text. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]]/g)) {
    if (token === '{' || token === '[') deepest = Math.max(deepest, ++depth);
    if (token === '}' || token === ']') depth -= 1;
  }
  return deepest;
}
