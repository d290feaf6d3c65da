import type { Session } from "../../backend/index.js";
import { placeKey } from "../keys.js";
import { escapeText, plainText } from "../text/escape.js";
import { type Bridge, patiently } from "../work/bridge.js";
import { startSession } from "../work/start.js";
import type { Command, CommandRequest } from "./command.js";

const NO_DIR = "Missing value for `--dir`. Usage: `new [--dir &lt;path&gt;] [description]`";

/** `new [--dir <path>] [description]`: begins a session here, or in a thread of its own. */
export const newSession: Command = async (bridge, request) => {
  const args = [...request.args];
  const flag = args.indexOf("--dir");
  const [, dir] = flag < 0 ? [] : args.splice(flag, 2);
  if (flag >= 0 && dir === undefined) return request.answer({ text: NO_DIR });
  const description = plainText(args.join(" "));
  await startSession(bridge, {
    ...request,
    begins: true,
    open: () => createSession(bridge, request, description, plainText(dir ?? "")),
    text: (session, here) => startedText(session, here, dir !== undefined),
  });
};

/** Begins the session that a request asks for; the same one however often it is called. */
export function createSession(
  bridge: Bridge,
  { job, user, place }: Pick<CommandRequest, "job" | "user" | "place">,
  description: string,
  workingDir = "",
): Promise<Session> {
  const origin = { surface: "slack", user, conversation: placeKey(place) };
  const request = { requestId: job.requestId, description, workingDir, origin };
  return bridge.backend.create(request, patiently(bridge, job));
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
