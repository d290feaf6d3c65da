import type { WatchEndingsResponse } from "@amp/proto";
import type { Mutant } from "./mutant.js";

/** Mistakes in how ends are told. */
export const endingsMutants: Mutant[] = [
  {
    flaw: "an ending is told twice",
    noticedBy:
      "WatchEndings tells one end of a session, however many Ends it got; none of an unknown one",
    mutate: (right) => ({
      async *watchEndings(request, signal) {
        for await (const response of right.watchEndings(request, signal)) {
          yield response;
          if (response.sessionId !== "") yield response;
        }
      },
    }),
  },
  {
    flaw: "endings are out of order",
    noticedBy: "WatchEndings tells how, why and when sessions ended, in the order of their ends",
    mutate: (right) => ({
      watchEndings: (request, signal) => swapFirst(right.watchEndings(request, signal)),
    }),
  },
  {
    flaw: "a reader that goes on is told another order than one that was there",
    noticedBy: "readers of WatchEndings are told the same in the same order",
    mutate: (right) => ({
      watchEndings(request, signal) {
        const endings = right.watchEndings(request, signal);
        return request.cursor === "" ? endings : swapFirst(endings);
      },
    }),
  },
  {
    flaw: "the first ending after a cursor is lost",
    noticedBy: "WatchEndings goes on from each cursor with exactly the later endings",
    mutate: (right) => ({
      watchEndings: ({ cursor }, signal) =>
        right.watchEndings({ cursor: cursor && String(Number(cursor) + 1) }, signal),
    }),
  },
  {
    flaw: "a reader that goes on is told endings before a position",
    noticedBy: "WatchEndings begins with a position, from now on or from a cursor",
    mutate: (right) => ({
      async *watchEndings(request, signal) {
        for await (const response of right.watchEndings(request, signal)) {
          if (request.cursor === "" || response.sessionId !== "") yield response;
        }
      },
    }),
  },
  {
    flaw: "a reader without a cursor is told all endings there ever were",
    noticedBy: "WatchEndings without a cursor begins with the next session that ends",
    mutate: (right) => ({
      watchEndings: ({ cursor }, signal) => right.watchEndings({ cursor: cursor || "0" }, signal),
    }),
  },
];

/** Tells the first two endings the wrong way round. */
async function* swapFirst(
  endings: AsyncIterable<WatchEndingsResponse>,
): AsyncGenerator<WatchEndingsResponse> {
  let told = 0;
  let held: WatchEndingsResponse | undefined;
  for await (const response of endings) {
    if (response.sessionId === "") {
      yield response;
      continue;
    }
    told += 1;
    if (told === 1) held = response;
    else yield response;
    if (told === 2 && held) yield held;
  }
}
