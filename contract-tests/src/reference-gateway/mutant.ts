/** The JSON of a request or an answer. */
export type Json = Record<string, unknown>;

/** A request on its way to the right gateway; what is changed here reaches it changed. */
export interface Asked {
  method: string;
  /** Below the API's prefix, `/session` for example; of other paths the whole. */
  path: string;
  query: URLSearchParams;
  headers: Record<string, string>;
  /** The JSON of the body, empty if it has none. */
  body: Json;
  /** Asks the right gateway something else meanwhile. */
  alsoPost(path: string, body: Json): Promise<void>;
}

/** An answer on its way back; what is changed here reaches the caller changed. */
export interface Answered {
  status: number;
  headers: Record<string, string>;
  /** The JSON of the body, empty if it has none. */
  body: Json;
}

/** One event of the stream. */
export interface Told {
  event: string;
  data: Json;
}

/** What a proxy before the right gateway changes. */
export interface Changes {
  /** Changes the request, or answers it without asking the gateway. */
  ask?(asked: Asked): Answered | undefined;
  /** Changes the answer. */
  answer?(answered: Answered, asked: Asked): void | Promise<void>;
  /** How many milliseconds events are told late. */
  lateMs?: number;
  /** Lines of the stream's format that stand before each event and mean nothing. */
  noise?: string;
  /** What is told instead of an event; called once a stream. */
  stream?(asked: Asked): (told: Told) => Told[];
}

/** A gateway with one thing wrong. */
export interface GatewayMutant {
  /** What is wrong with it. */
  flaw: string;
  /** The name of a case that has to notice. */
  noticedBy: string;
  /** Called once a gateway. */
  changes: () => Changes;
}

/** A gateway that is right in another way, and has to pass. */
export interface GatewayVariant {
  name: string;
  /** Whether it differs in its streams only. */
  inStreams: boolean;
  changes: () => Changes;
}

type Route = `${"GET" | "POST" | "DELETE"} ${string}`;

/** Changes what one route is asked. A `*` in its path stands for anything. */
export function asking(route: Route, change: (asked: Asked) => Answered | undefined) {
  return (): Changes => ({
    ask: (asked) => (meets(route, asked) ? change(asked) : undefined),
  });
}

/** Keeps a parameter of the query from one route. */
export function losing(route: Route, parameter: string) {
  return asking(route, ({ query }) => {
    query.delete(parameter);
    return undefined;
  });
}

/** Changes what one route answers. */
export function answering(route: Route, change: (answered: Answered, asked: Asked) => void) {
  return (): Changes => ({
    answer(answered, asked) {
      if (meets(route, asked)) change(answered, asked);
    },
  });
}

/** Changes the JSON of the answers of one route that are 200. */
export function changing(route: Route, change: (body: Json, asked: Asked) => void) {
  return answering(route, ({ status, body }, asked) => {
    if (status === 200) change(body, asked);
  });
}

/** Changes each event of a stream by itself. */
export function telling(change: (told: Told) => Told[]) {
  return (): Changes => ({ stream: () => change });
}

/** Tells no events of which this is true. */
export function omitting(omitted: (told: Told) => boolean) {
  return telling((told) => (omitted(told) ? [] : [told]));
}

/** Changes the data of the events of one name. */
export function retelling(name: string, change: (data: Json) => Json | undefined) {
  return telling(({ event, data }) => [
    { event, data: event === name ? (change(data) ?? data) : data },
  ]);
}

/** Changes the data of turn events of one type. */
export function retellingTurn(type: string, change: (data: Json) => Json | undefined) {
  return retelling("turn", (data) => (data["type"] === type ? change(data) : data));
}

/** Whether it is a turn event of the type. */
export function isTurn({ event, data }: Told, type: string): boolean {
  return event === "turn" && data["type"] === type;
}

/** The objects in a list of the JSON. */
export function items(json: Json, field: string): Json[] {
  return (json[field] ?? []) as Json[];
}

/** An object in the JSON. */
export function object(json: Json, field: string): Json {
  return json[field] as Json;
}

/** Whether the request is of the route. */
export function meets(route: string, { method, path }: Asked): boolean {
  const [verb = "", pattern = ""] = route.split(" ");
  const [start = "", end] = pattern.split("*");
  if (method !== verb) return false;
  return end === undefined ? path === pattern : path.startsWith(start) && path.endsWith(end);
}
