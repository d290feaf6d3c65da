import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type SlackSystem, startSlackSystem } from "./slack-system.js";
import { buttonOf, type Conversation, type Person, type Post, SlackWorld } from "./slack-world.js";
import { WebClient } from "./web-client.js";

const PUBLIC = "C0PUBLIC";
const LOBBY = "C0LOBBY";
const PRIVATE = "C0PRIVATE";
const GROUP = "G0GROUP";

const CREATOR = "U0CREATOR";
const WRITER = "U0WRITER";
const MEMBER = "U0MEMBER";
const OUTSIDER = "U0OUTSIDER";
const GUEST = "U0GUEST";
const STRANGER = "U0STRANGER";
const ADMIN = "U0ADMIN";
const ELSEWHERE = "U0ELSEWHERE";
/** Slack's own Enterprise ids begin so. */
const GRID = "W0GRID";

const PEOPLE: Person[] = [
  { id: CREATOR },
  { id: WRITER },
  { id: MEMBER },
  { id: OUTSIDER },
  { id: GUEST, info: { is_restricted: true } },
  { id: "U0SINGLE", info: { is_restricted: true, is_ultra_restricted: true } },
  { id: STRANGER, team: "T0THEIRS", info: { is_stranger: true } },
  { id: "U0PARTNER", team: "T0THEIRS" },
  { id: ADMIN },
  { id: ELSEWHERE, team: "T0OTHER" },
  { id: GRID, team: "T0SISTER", info: { enterprise_user: { teams: ["T0SISTER", "T0LOCAL"] } } },
];
const INSIDE = ["U0AMP", CREATOR, WRITER, MEMBER, GUEST, STRANGER];
const CONVERSATIONS: Conversation[] = [
  { id: PUBLIC, isPrivate: false, members: INSIDE },
  { id: LOBBY, isPrivate: false, members: INSIDE },
  { id: PRIVATE, isPrivate: true, members: INSIDE },
  { id: GROUP, isPrivate: true, members: INSIDE },
];

let system: SlackSystem;
let world: SlackWorld;
beforeAll(async () => {
  system = await startSlackSystem({ SLACK_MAX_SESSIONS_PER_USER: "1000", SLACK_ADMINS: ADMIN });
  world = new SlackWorld(system, PEOPLE, CONVERSATIONS);
});
afterAll(() => system[Symbol.asyncDispose]());

interface Begun {
  channel: string;
  thread: string;
  sessionId: string;
  id8: string;
}

/** The creator begins a session in a thread of the channel, and the writer writes a turn. */
async function begin(channel: string, about = "plans"): Promise<Begun> {
  const { ts: thread } = await world.write(CREATOR, channel, "a talk");
  await world.write(CREATOR, channel, `<@U0AMP> new ${about}`, thread);
  await world.write(WRITER, channel, "and me", thread);
  return { channel, thread, ...(await sessionIn(channel, thread)) };
}

async function sessionIn(channel: string, thread: string | null) {
  const { rows } = await system.pool.query<{ id: string }>(
    `select session_id as id from slack_mappings
     where channel_id = $1 and coalesce(thread_ts, '') = coalesce($2, '') order by id desc limit 1`,
    [channel, thread],
  );
  const sessionId = rows[0]?.id ?? "";
  return { sessionId, id8: sessionId.slice(0, 8) };
}

async function isActive({ sessionId, channel }: Begun): Promise<boolean> {
  const { rows } = await system.pool.query(
    "select from slack_mappings where session_id = $1 and channel_id = $2 and state = 'active'",
    [sessionId, channel],
  );
  return rows.length > 0;
}

const teamOf = (user: string) => (user === ELSEWHERE ? "T0OTHER" : "T0LOCAL");
const all = (posts: Post[]) => posts.map((post) => post.all).join("\n");

const DOES = {
  /** Writes in the thread; done if the agent answers. */
  async talk(user: string, { channel, thread }: Begun) {
    const { posts } = await world.write(user, channel, "what is it?", thread, teamOf(user));
    return all(posts).includes("what is it?");
  },
  async list(user: string, { id8 }: Begun) {
    const posts = await world.slash(user, LOBBY, "list", teamOf(user));
    for (const { only } of posts) expect(only).toBe(user);
    return all(posts).includes(id8);
  },
  async sessions(user: string, { id8 }: Begun) {
    return all(await world.slash(user, LOBBY, "sessions", teamOf(user))).includes(id8);
  },
  async status(user: string, { channel, thread, id8 }: Begun) {
    const { posts } = await world.write(user, channel, "<@U0AMP> status", thread, teamOf(user));
    return all(posts).includes(id8);
  },
  async connect(user: string, { id8 }: Begun) {
    const posts = await world.slash(user, LOBBY, `connect ${id8}`, teamOf(user));
    return all(posts).includes(`Connected to session \`${id8}\``);
  },
  /** Clicks a Connect button that somebody else was shown. */
  async click(user: string, { sessionId, id8 }: Begun) {
    const shown = { channel: LOBBY, thread: null, ts: world.nextTs(), only: null };
    const action = { action_id: `connect_session_${id8}`, value: sessionId };
    const posts = await world.click(user, shown, action, teamOf(user));
    return all(posts).includes(`Connected to session \`${id8}\``);
  },
  async stop(user: string, begun: Begun) {
    await world.write(user, begun.channel, "stop", begun.thread, teamOf(user));
    return !(await isActive(begun));
  },
  async end(user: string, begun: Begun) {
    await world.write(user, begun.channel, "<@U0AMP> end", begun.thread, teamOf(user));
    return !(await isActive(begun));
  },
  async endId(user: string, begun: Begun) {
    await world.slash(user, LOBBY, `end ${begun.id8}`, teamOf(user));
    return !(await isActive(begun));
  },
};
type Deed = keyof typeof DOES;

const ALL: Deed[] = Object.keys(DOES) as Deed[];
const ENDS: Deed[] = ["stop", "end", "endId"];
const SEES: Deed[] = ["list", "sessions", "connect", "click"];
/** In a conversation that one does not read one cannot write; Slack sees to that. */
const ELSEWHERE_THAN_THERE: Deed[] = [...SEES, "endId"];
const NOTHING: Deed[] = [];

/** Who may do what of what they can try, with a session of each conversation. */
const MATRIX: Record<string, { user: string; may: Record<string, [tries: Deed[], does: Deed[]]> }> =
  {
    creator: {
      user: CREATOR,
      may: { [PUBLIC]: [ALL, ALL], [PRIVATE]: [ALL, ALL], [GROUP]: [ALL, ALL] },
    },
    writer: {
      user: WRITER,
      may: { [PUBLIC]: [ALL, ALL], [PRIVATE]: [ALL, ALL], [GROUP]: [ALL, ALL] },
    },
    member: {
      user: MEMBER,
      may: {
        [PUBLIC]: [
          [...ENDS, ...SEES, "status", "talk"],
          [...SEES, "status", "talk"],
        ],
        [PRIVATE]: [
          [...ENDS, ...SEES, "status", "talk"],
          [...SEES, "status", "talk"],
        ],
        [GROUP]: [
          [...ENDS, ...SEES, "status", "talk"],
          [...SEES, "status", "talk"],
        ],
      },
    },
    "not a member": {
      user: OUTSIDER,
      may: {
        [PUBLIC]: [
          [...ENDS, ...SEES, "status", "talk"],
          [...SEES, "status", "talk"],
        ],
        [PRIVATE]: [ELSEWHERE_THAN_THERE, NOTHING],
        [GROUP]: [ELSEWHERE_THAN_THERE, NOTHING],
      },
    },
    guest: { user: GUEST, may: { [PUBLIC]: [ALL, NOTHING], [PRIVATE]: [ALL, NOTHING] } },
    "single-channel guest": { user: "U0SINGLE", may: { [PUBLIC]: [ALL, NOTHING] } },
    "stranger of another organisation": {
      user: STRANGER,
      may: { [PUBLIC]: [ALL, NOTHING], [PRIVATE]: [ALL, NOTHING] },
    },
    "person of another team": { user: "U0PARTNER", may: { [PUBLIC]: [ALL, NOTHING] } },
    "one whom Slack does not know": { user: "U0NOBODY", may: { [PUBLIC]: [ALL, NOTHING] } },
    admin: {
      user: ADMIN,
      may: {
        [PUBLIC]: [ALL, ALL],
        [PRIVATE]: [
          [...SEES, "endId"],
          [...SEES, "endId"],
        ],
      },
    },
    "member of another workspace": {
      user: ELSEWHERE,
      may: { [PUBLIC]: [ALL, NOTHING], [PRIVATE]: [ALL, NOTHING] },
    },
    "member by Enterprise Grid": {
      user: GRID,
      may: { [PUBLIC]: [SEES, SEES], [PRIVATE]: [ELSEWHERE_THAN_THERE, NOTHING] },
    },
  };

describe.each(Object.entries(MATRIX))("%s", (_name, { user, may }) => {
  test.each(Object.entries(may))("with a session in %s", async (channel, [tries, does]) => {
    let begun = await begin(channel);
    for (const deed of tries) {
      if (!(await isActive(begun))) begun = await begin(channel);
      expect([deed, await DOES[deed](user, begun)]).toEqual([deed, does.includes(deed)]);
    }
  });
});

test("direct messages are their person's alone, though not from an admin", async () => {
  await world.write(CREATOR, "D0CREATOR", "<@U0AMP> new my own");
  const { sessionId, id8 } = await sessionIn("D0CREATOR", null);
  const begun = { channel: "D0CREATOR", thread: "", sessionId, id8 };
  for (const deed of SEES) {
    expect([deed, await DOES[deed](CREATOR, begun)]).toEqual([deed, true]);
    expect([deed, await DOES[deed](ADMIN, begun)]).toEqual([deed, true]);
    for (const user of [MEMBER, WRITER, OUTSIDER, ELSEWHERE, GUEST]) {
      expect([deed, await DOES[deed](user, begun)]).toEqual([deed, false]);
    }
  }
  expect(await DOES.endId(OUTSIDER, begun)).toBe(false);
  expect(await DOES.endId(CREATOR, begun)).toBe(true);
});

test("a session of the web chat is nobody's in Slack, not even an admin's", async () => {
  const sessionId = await new WebClient(system.gateway.url).begin({ description: "of the web" });
  const begun = { channel: PUBLIC, thread: "", sessionId, id8: sessionId.slice(0, 8) };
  for (const deed of SEES) {
    for (const user of [CREATOR, ADMIN]) {
      expect([deed, await DOES[deed](user, begun)]).toEqual([deed, false]);
    }
  }
});

test("who may not end is told who may; who may not see is told nothing of it", async () => {
  const begun = await begin(PRIVATE);
  const { posts } = await world.write(MEMBER, PRIVATE, "<@U0AMP> end", begun.thread);
  expect(posts[0]?.text).toBe(
    `_Only <@${CREATOR}>, <@${WRITER}> and admins may stop or end this session._`,
  );
  const [answer] = await world.slash(OUTSIDER, LOBBY, `end ${begun.id8}`);
  expect(answer?.text).toBe(`Session not found: \`${begun.id8}\``);
});

test("only what the asker may see counts for a beginning of an id", async () => {
  const hidden = await begin(PRIVATE);
  const [digit = ""] = hidden.id8;
  // More than there are hexadecimal digits.
  const own = [];
  for (let n = 0; n < 17; n += 1) {
    const { ts } = await world.write(OUTSIDER, PUBLIC, "a talk");
    await world.write(OUTSIDER, PUBLIC, "<@U0AMP> new", ts);
    own.push((await sessionIn(PUBLIC, ts)).id8);
  }
  const posts = await world.slash(OUTSIDER, LOBBY, `connect ${digit}`);
  expect(all(posts)).not.toContain(hidden.id8);
});

test("a post that others read names nothing of private conversations", async () => {
  const begun = await begin(PRIVATE, "secret plans");
  for (const command of ["list", "sessions", "status"]) {
    const { posts } = await world.write(CREATOR, PUBLIC, `<@U0AMP> ${command}`);
    expect(all(posts)).toContain(begun.id8);
    expect(all(posts)).not.toContain("secret plans");
    expect(all(await world.slash(CREATOR, PUBLIC, command))).toContain("secret plans");
  }
  expect(all((await world.write(MEMBER, PRIVATE, "<@U0AMP> list")).posts)).toContain(
    "secret plans",
  );
});

test("while Slack does not tell who reads a conversation, it is left out, and that is said", async () => {
  await using broken = await startSlackSystem({ SLACK_MAX_SESSIONS_PER_USER: "1000" });
  const there = new SlackWorld(broken, PEOPLE, CONVERSATIONS);
  await there.write(CREATOR, PRIVATE, "<@U0AMP> new tea");
  for (const fault of ["down", "missing_scope", "limited"]) {
    broken.proxy.fail("conversations.info", fault, 1);
    const [listed] = await there.slash(MEMBER, LOBBY, "list");
    expect(listed?.text).toMatch(/^_No sessions found\._\n_Slack did not tell me of all/);
  }
  const [listed] = await there.slash(MEMBER, LOBBY, "list");
  expect(listed?.all).toContain("tea");
});

test("a guest is told once, alone, in a way that they see; the rest of their words is between people", async () => {
  await using fresh = await startSlackSystem();
  const there = new SlackWorld(fresh, PEOPLE, CONVERSATIONS);
  expect((await there.write(GUEST, PUBLIC, "hello all")).posts).toEqual([]);
  const { posts } = await there.write(GUEST, PUBLIC, "<@U0AMP> new");
  expect(posts).toEqual([
    expect.objectContaining({
      only: GUEST,
      thread: null,
      text: "_I work for full members of this workspace only._",
    }),
  ]);
  expect((await there.write(GUEST, PUBLIC, "<@U0AMP> list")).posts).toEqual([]);
  expect(await there.slash(GUEST, LOBBY, "help")).toEqual([]);
  // An outage of Slack's is no refusal: what came in waits.
  fresh.proxy.fail("users.info", "down", 1);
  const thread = (await there.write(MEMBER, PUBLIC, "<@U0AMP> new")).posts.at(-1)?.text;
  expect(thread).toMatch(/^Started new session/);
});

test("an app that may not ask who people are says so", async () => {
  await using fresh = await startSlackSystem();
  const there = new SlackWorld(fresh, PEOPLE, CONVERSATIONS);
  fresh.proxy.fail("users.info", "missing_scope", 1);
  const { posts } = await there.write(MEMBER, PUBLIC, "<@U0AMP> new");
  expect(posts).toEqual([
    expect.objectContaining({ only: MEMBER, text: expect.stringContaining("`users:read`") }),
  ]);
});

test("the settings open and close the app", async () => {
  await using open = await startSlackSystem({ SLACK_DENY_GUESTS: "false" });
  const world = new SlackWorld(open, PEOPLE, CONVERSATIONS);
  await world.write(CREATOR, PRIVATE, "<@U0AMP> new tea");
  await world.write(CREATOR, PUBLIC, "<@U0AMP> new milk");
  const listed = async (user: string) => all(await world.slash(user, LOBBY, "list"));
  expect(await listed(GUEST)).toMatch(/tea|milk/);
  // Guests read what they are in, public or not.
  expect(await listed("U0SINGLE")).toContain("No sessions found");

  await using closed = await startSlackSystem({
    SLACK_ALLOWED_USERS: `${CREATOR}, ${GUEST}`,
    SLACK_ALLOWED_CHANNELS: PUBLIC,
    SLACK_ADMINS: ADMIN,
  });
  const there = new SlackWorld(closed, PEOPLE, CONVERSATIONS);
  const begins = async (user: string, channel: string) =>
    all((await there.write(user, channel, "<@U0AMP> new")).posts).includes("Started new session");
  expect(await begins(CREATOR, PUBLIC)).toBe(true);
  expect(await begins(ADMIN, PUBLIC)).toBe(true);
  expect(await begins(MEMBER, PUBLIC)).toBe(false);
  expect(await begins(GUEST, PUBLIC)).toBe(false);
  expect(await begins(CREATOR, PRIVATE)).toBe(false);
  expect(await begins(CREATOR, "D0CREATOR")).toBe(true);
});

test("a member's own end all ends theirs, and only theirs", async () => {
  await using fresh = await startSlackSystem();
  const there = new SlackWorld(fresh, PEOPLE, CONVERSATIONS);
  await there.write(CREATOR, PUBLIC, "<@U0AMP> new");
  await there.write(CREATOR, "D0CREATOR", "<@U0AMP> new");
  await there.write(MEMBER, PUBLIC, "<@U0AMP> new");
  const posts = await there.slash(CREATOR, LOBBY, "end all");
  expect(all(posts)).toContain("Ended 2 of your sessions.");
  const { rows } = await fresh.pool.query(
    "select created_by from slack_mappings where state = 'active'",
  );
  expect(rows).toEqual([{ created_by: MEMBER }]);
});

test("the limit lists one's sessions; a button ends one and begins what was refused", async () => {
  await using fresh = await startSlackSystem({ SLACK_MAX_SESSIONS_PER_USER: "2" });
  const there = new SlackWorld(fresh, PEOPLE, CONVERSATIONS);
  await there.write(CREATOR, PRIVATE, "<@U0AMP> new secret plans");
  await there.write(CREATOR, PUBLIC, "<@U0AMP> new open plans");
  const { posts } = await there.write(CREATOR, PUBLIC, "<@U0AMP> new the third");
  const [refused] = posts;
  if (!refused) throw new Error("no answer");
  expect(refused.text).toBe("Session limit reached (2). End an existing session first.");
  expect(refused.all).toContain("open plans");
  expect(refused.all).not.toContain("secret plans");

  const button = buttonOf(refused, "end_for_new_");
  expect(await there.click(MEMBER, refused, button)).toEqual([
    expect.objectContaining({ text: `_Only <@${CREATOR}> can use this list._` }),
  ]);
  const done = await there.click(CREATOR, refused, button);
  expect(all(done)).toMatch(/Session `.{8}` ended\./);
  expect(all(done)).toContain("the third");
  const again = await there.click(CREATOR, refused, button);
  expect(all(again)).not.toContain("Started new session");

  // By slash command it is nobody else's business.
  const [own] = await there.slash(CREATOR, PUBLIC, "new a fourth");
  expect(own).toMatchObject({ only: CREATOR, text: refused.text });
  const { rows } = await fresh.pool.query<{ description: string }>(
    "select description from slack_mappings where state = 'active' order by id",
  );
  expect(rows.map(({ description }) => description)).toEqual(["open plans", "the third"]);
});
