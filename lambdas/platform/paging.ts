import * as z from 'zod';
import { Problem } from './problems.ts';

/**
 * Lists answer both ways of paging at once. `page` and `pageSize` are read by existing clients;
 * `cursor` is the key of the last item shown, so that a page costs the same however long the list.
 */
export const PageQuery = z.strictObject({
  page: z.coerce.number().int().min(1).default(1),
  pageSize: z.coerce.number().int().min(1).max(100).default(25),
  cursor: z.string().max(512).optional(),
});
export type PageQuery = z.infer<typeof PageQuery>;

/** Pages reach this far; behind it only the cursor goes on. */
const maxOffset = 1000;

export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    items: z.array(item),
    total: z.number().int(),
    page: z.number().int(),
    pageSize: z.number().int(),
    hasMore: z.boolean(),
    cursor: z.string().nullable(),
    nextCursor: z.string().nullable(),
  });

export interface Page<Item> {
  items: Item[];
  total: number;
  page: number;
  pageSize: number;
  hasMore: boolean;
  cursor: string | null;
  nextCursor: string | null;
}

/**
 * Where a page starts: behind a key, or after a number of items.
 *
 * @throws Problem `page_too_deep`
 */
export function startOf(query: PageQuery): { after?: string; skip: number } {
  if (query.cursor !== undefined) return { after: decodeCursor(query.cursor), skip: 0 };
  const skip = (query.page - 1) * query.pageSize;
  if (skip > maxOffset) {
    throw new Problem('page_too_deep', {
      detail: `Pages reach ${maxOffset} items deep. Follow nextCursor from an earlier page instead.`,
    });
  }
  return { skip };
}

/**
 * @param found up to `pageSize + 1` items from the start of the page; the extra one tells whether
 *   there are more
 * @param keyOf the sort key that the next page starts behind
 */
export function page<Item>(
  query: PageQuery,
  found: readonly Item[],
  total: number,
  keyOf: (item: Item) => string,
): Page<Item> {
  const items = found.slice(0, query.pageSize);
  const last = items.at(-1);
  const hasMore = found.length > query.pageSize;
  return {
    items,
    total,
    page: query.page,
    pageSize: query.pageSize,
    hasMore,
    cursor: query.cursor ?? null,
    nextCursor: hasMore && last !== undefined ? encodeCursor(keyOf(last)) : null,
  };
}

/** The same page with its items shown another way. */
export const mapPage = <From, To>(from: Page<From>, view: (item: From) => To): Page<To> => ({
  ...from,
  items: from.items.map(view),
});

const encodeCursor = (key: string) => Buffer.from(key).toString('base64url');

function decodeCursor(cursor: string): string {
  const key = Buffer.from(cursor, 'base64url').toString();
  if (!/^[a-z]+_[0-9a-z]{26}$/.test(key)) throw new Problem('cursor_invalid');
  return key;
}
