import { BackendError } from "../../backend/index.js";
import { isDirectMessage } from "../keys.js";
import { isAdmitted } from "../work/admit.js";
import { type Bridge, draft } from "../work/bridge.js";
import { failureText } from "../work/failure.js";
import type { Command, CommandRequest } from "./command.js";

/** Runs a command for somebody who may use the app here; what the backend would not do is its answer. */
export async function runCommand(
  bridge: Bridge,
  command: Command,
  given: Omit<CommandRequest, "answer" | "tell" | "privately">,
): Promise<void> {
  const { job, address, place, user } = given;
  if (!(await isAdmitted(bridge, job, given))) return;
  const answer: CommandRequest["answer"] = (message, also) =>
    bridge.outbox.decide(job, async (tx) => {
      await also?.(tx);
      return [draft(address, message)];
    });
  const privately = given.slash === true || isDirectMessage(place.channel);
  // In direct messages nobody else reads along, and what is posted there stays.
  const only = given.slash && !isDirectMessage(place.channel) ? user : undefined;
  const tell: CommandRequest["tell"] = (message) =>
    bridge.outbox.decide(job, async () => [{ ...draft(address, message), only }]);
  try {
    await command(bridge, { ...given, answer, tell, privately });
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    bridge.logger.warn({ err: error, inbox: job.id, code: error.code }, "command failed");
    const text = failureText(error);
    await bridge.outbox.decide(job, async () => [{ ...draft(address, { text }), failed: true }]);
  }
}
