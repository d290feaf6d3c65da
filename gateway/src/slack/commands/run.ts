import { BackendError } from "../../backend/index.js";
import { type Bridge, draft } from "../work/bridge.js";
import { failureText } from "../work/failure.js";
import type { Command, CommandRequest } from "./command.js";

/** Runs a command; what the backend would not do is its answer. */
export async function runCommand(
  bridge: Bridge,
  command: Command,
  given: Omit<CommandRequest, "answer">,
): Promise<void> {
  const { job, address } = given;
  const answer: CommandRequest["answer"] = (message, also) =>
    bridge.outbox.decide(job, async (tx) => {
      await also?.(tx);
      return [draft(address, message)];
    });
  try {
    await command(bridge, { ...given, answer });
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    bridge.logger.warn({ err: error, inbox: job.id, code: error.code }, "command failed");
    const text = failureText(error);
    await bridge.outbox.decide(job, async () => [{ ...draft(address, { text }), failed: true }]);
  }
}
