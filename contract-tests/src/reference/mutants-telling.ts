import type { Session, WatchResponse } from "@amp/proto";
import type { Backend } from "./contract.js";
import type { Mutant } from "./mutant.js";

const EXACT = "List's filters are exact: no other case, no beginning of a project or a surface";

/** Mistakes in what is told: lists, pages, watches, endings, and questions that wait. */
export const tellingMutants: Mutant[] = [
  {
    flaw: "last_active_at does not follow the end of a turn",
    noticedBy: "last_active_at follows the end of a turn, and not only its acceptance",
    mutate: (right) => ({
      async get(request) {
        const { session } = await right.get(request);
        const all = { pageSize: 1, pageToken: "", newestFirst: true, fromSeq: 0 };
        const { turns } = await right.listTurns({ ...request, ...all });
        const lastActiveAt = turns[0]?.createdAt ?? session?.lastActiveAt;
        return { session: session && { ...session, lastActiveAt } };
      },
    }),
  },
  {
    flaw: "List does not say when a session ended",
    noticedBy: "an ended session says so with its end_kind, to Get, List and Watch",
    mutate: (right) => sessionsOf(right, (session) => ({ ...session, endedAt: undefined })),
  },
  {
    flaw: "an id prefix has no case",
    noticedBy: EXACT,
    mutate: (right) => ({
      list: (request) => right.list({ ...request, idPrefix: request.idPrefix.toLowerCase() }),
    }),
  },
  filter(
    "a project has no case",
    "project",
    (session, project) => session.project.toLowerCase() === project.toLowerCase(),
  ),
  filter("the beginning of a project is enough", "project", (session, project) =>
    session.project.startsWith(project),
  ),
  filter(
    "blanks around a project do not count",
    "project",
    (session, project) => session.project === project.trim(),
  ),
  filter("the beginning of a surface is enough", "surface", (session, surface) =>
    (session.origin?.surface ?? "").startsWith(surface),
  ),
  filter(
    "a surface has no case",
    "surface",
    (session, surface) => session.origin?.surface.toLowerCase() === surface.toLowerCase(),
  ),
  {
    flaw: "List answers a token whenever a page is full",
    noticedBy:
      "List answers at most 50 sessions unless asked for more, and no token after the last page",
    mutate: (right) => ({
      async list(request) {
        const answer = await right.list(request);
        if (answer.sessions.length < (request.pageSize || 50)) return answer;
        return { ...answer, nextPageToken: String(Number(request.pageToken) + request.pageSize) };
      },
    }),
  },
  {
    flaw: "a page of List has 200 sessions unless told",
    noticedBy:
      "List answers at most 50 sessions unless asked for more, and no token after the last page",
    mutate: (right) => ({
      list: (request) => right.list({ ...request, pageSize: request.pageSize || 200 }),
    }),
  },
  {
    flaw: "a page of ListTurns has 200 turns unless told",
    noticedBy:
      "ListTurns answers at most 50 turns unless asked for more, and no token after the last page",
    mutate: (right) => ({
      listTurns: (request) => right.listTurns({ ...request, pageSize: request.pageSize || 200 }),
    }),
  },
  watching(
    "Watch does not say that a turn was accepted",
    "Watch tells that a turn was accepted while another runs",
    (response) => (kindOf(response) === "queued" ? [] : [response]),
  ),
  watching(
    "Watch tells no thoughts",
    "thoughts are told apart from the reply, by SendStream and by Watch, and stored",
    (response) => (kindOf(response) === "thoughtDelta" ? [] : [response]),
  ),
  watching(
    "Watch's completed turn has no tool calls",
    "tool calls are told by SendStream and by Watch, and stored as they ended",
    ({ event }) => {
      if (event?.$case !== "turn" || event.value.event?.$case !== "completed") return [{ event }];
      const value = { ...event.value.event.value, toolCalls: [] };
      return [
        { event: { ...event, value: { ...event.value, event: { $case: "completed", value } } } },
      ];
    },
  ),
  watching(
    "the snapshot of a running turn has no thoughts",
    "whoever comes in mid-turn is told the thoughts so far: Watch, and SendStream that joins",
    ({ event }) => {
      if (event?.$case === "snapshot") for (const turn of event.value.openTurns) turn.thought = "";
      return [{ event }];
    },
  ),
  {
    flaw: "the snapshot has turns that are over",
    noticedBy: "Watch begun after turns that are over has them in no snapshot",
    mutate: (right) => ({
      async *watch(request, signal) {
        for await (const { event } of right.watch(request, signal)) {
          if (event?.$case === "snapshot") {
            const all = { pageSize: 200, pageToken: "", newestFirst: false, fromSeq: 0 };
            event.value.openTurns = (await right.listTurns({ ...request, ...all })).turns;
          }
          yield { event };
        }
      },
    }),
  },
  {
    flaw: "a reader that was away is told the last ten endings",
    noticedBy: "a reader of WatchEndings that missed 60 endings is told all of them",
    mutate(right) {
      let ended = 0;
      return {
        async end(request) {
          const answer = await right.end(request);
          if (answer.ended) ended += 1;
          return answer;
        },
        watchEndings({ cursor }, signal) {
          const from = cursor && String(Math.max(Number(cursor), ended - 10));
          return right.watchEndings({ cursor: from }, signal);
        },
      };
    },
  },
  {
    flaw: "no position is told while nothing ends",
    noticedBy: "WatchEndings tells a position after at most 15 quiet seconds, and goes on",
    mutate: (right) => ({
      async *watchEndings(request, signal) {
        let isFirst = true;
        for await (const response of right.watchEndings(request, signal)) {
          if (isFirst || response.sessionId !== "") yield response;
          isFirst = false;
        }
      },
    }),
  },
  {
    flaw: "WatchEndings ends when it was quiet for long",
    noticedBy: "Watch and WatchEndings are still open after 45 quiet seconds",
    mutate: (right) => ({
      async *watchEndings(request, signal) {
        let positions = 0;
        for await (const response of right.watchEndings(request, signal)) {
          yield response;
          positions = response.sessionId === "" ? positions + 1 : 0;
          if (positions === 2) return;
        }
      },
    }),
  },
  {
    flaw: "a question is answered by itself after five seconds",
    noticedBy: "a question still waits after 10 seconds in which nobody answered",
    mutate: (right) => ({
      async *sendStream(request, signal) {
        const { sessionId } = request;
        for await (const response of right.sendStream(request, signal)) {
          const event = response.event?.event;
          if (event?.$case === "approvalRequested") {
            const { approvalId, options } = event.value;
            const optionId = options.at(-1)?.optionId ?? "";
            const answer = { sessionId, approvalId, optionId, decidedBy: undefined };
            setTimeout(() => void right.resolveApproval(answer).catch(() => {}), 5_000).unref();
          }
          yield response;
        }
      },
    }),
  },
];

/** Changes how List applies one of its filters. */
function filter(
  flaw: string,
  field: "project" | "surface",
  matches: (session: Session, value: string) => boolean,
): Mutant {
  return {
    flaw,
    noticedBy: EXACT,
    mutate: (right) => ({
      async list(request) {
        if (request[field] === "") return right.list(request);
        const answer = await right.list({ ...request, [field]: "", pageSize: 200 });
        const sessions = answer.sessions.filter((session) => matches(session, request[field]));
        return { ...answer, sessions };
      },
    }),
  };
}

function watching(
  flaw: string,
  noticedBy: string,
  change: (response: WatchResponse) => WatchResponse[],
): Mutant {
  return {
    flaw,
    noticedBy,
    mutate: (right) => ({
      async *watch(request, signal) {
        for await (const response of right.watch(request, signal)) yield* change(response);
      },
    }),
  };
}

/** Changes the sessions that List tells. */
function sessionsOf(right: Backend, change: (session: Session) => Session): Partial<Backend> {
  return {
    async list(request) {
      const answer = await right.list(request);
      return { ...answer, sessions: answer.sessions.map(change) };
    },
  };
}

function kindOf({ event }: WatchResponse): string | undefined {
  return event?.$case === "turn" ? event.value.event?.$case : undefined;
}
