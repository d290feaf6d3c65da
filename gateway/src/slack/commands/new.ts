import { BackendError, type Session } from "../../backend/index.js";
import { placeKey } from "../keys.js";
import { noteOrphan } from "../mappings/orphans.js";
import { escapeText } from "../text/escape.js";
import { type Bridge, patiently } from "../work/bridge.js";
import { startSession } from "../work/start.js";
import type { Command, CommandRequest } from "./command.js";
import { flagOf, unquoted } from "./words.js";

const USAGE = "Usage: `new [--dir &lt;path&gt;] [description]`";
const NO_DIR = `Missing value for \`--dir\`. ${USAGE}`;
const TWO_DIRS = `\`--dir\` stands there more than once. ${USAGE}`;

/** `new [--dir <path>] [description]`: begins a session here, or in a thread of its own. */
export const newSession: Command = async (bridge, request) => {
  const { dirs, description } = newArguments(request.args);
  const [dir, another] = dirs;
  if (dirs.includes("")) return request.answer({ text: NO_DIR });
  if (another !== undefined) return request.answer({ text: TWO_DIRS });
  await startSession(bridge, {
    ...request,
    begins: true,
    open: () => createSession(bridge, request, description, dir ?? ""),
    text: (session, here) => startedText(session, here, dir !== undefined),
  });
};

/** What `new` was given. */
export interface NewArguments {
  /** The values of `--dir`, in their order; empty for one that is missing. */
  dirs: string[];
  description: string;
}

/** Reads the words behind `new`. `--dir` may stand anywhere before a `--`. */
export function newArguments(args: string[]): NewArguments {
  const dirs: string[] = [];
  const words: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] ?? "";
    if (word === "--" && words.length === 0) {
      words.push(...args.slice(at + 1));
      break;
    }
    const flag = flagOf(word);
    if (!flag) words.push(word);
    else if (flag.value !== undefined) dirs.push(flag.value.trim());
    else {
      const next = args[at + 1] ?? "--";
      const isValue = next !== "--" && flagOf(next) === undefined;
      dirs.push(isValue ? unquoted(next).trim() : "");
      if (isValue) at += 1;
    }
  }
  const [only = "", ...more] = words;
  return { dirs, description: more.length === 0 ? unquoted(only) : words.join(" ") };
}

/** Begins the session that a request asks for; the same one however often it is called. */
export async function createSession(
  bridge: Bridge,
  { job, user, place }: Pick<CommandRequest, "job" | "user" | "place">,
  description: string,
  workingDir = "",
): Promise<Session> {
  const origin = { surface: "slack", user, conversation: placeKey(place) };
  const request = { requestId: job.requestId, description, workingDir, origin };
  try {
    return await bridge.backend.create(request, patiently(bridge, job));
  } catch (error) {
    const unknown = error instanceof BackendError && error.kind === "transient";
    if (unknown) await noteOrphan(bridge.pool, request);
    throw error;
  }
}

/** Says that a session began. */
export function startedText(
  { sessionId, description, workingDir }: Session,
  here: string,
  withDir = false,
): string {
  const started = `Started new session \`${sessionId.slice(0, 8)}\``;
  const about = escapeText(description);
  const first = withDir
    ? `${started} in \`${escapeText(workingDir)}\`${about && `\n_${about}_`}`
    : `${started}${about && `: ${about}`}`;
  return `${first}\nReply ${here} to interact with the session.`;
}
