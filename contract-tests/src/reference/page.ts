import { check } from "./errors.js";

const DEFAULT_SIZE = 50;
const MOST = 200;

/**
 * One page of the items, and the token of the next; the token tells where it begins.
 * @param first where the page without a token begins
 */
export function page<T>(items: T[], request: { pageSize: number; pageToken: string }, first = 0) {
  check(request.pageSize >= 0 && request.pageSize <= MOST, "page_size");
  check(/^\d*$/.test(request.pageToken), "page_token");
  const from = request.pageToken === "" ? first : Number(request.pageToken);
  const to = from + (request.pageSize || DEFAULT_SIZE);
  return { items: items.slice(from, to), nextPageToken: to < items.length ? String(to) : "" };
}
