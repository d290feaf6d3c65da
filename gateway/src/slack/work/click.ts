import { answerQuestion } from "../approvals/answer.js";
import { ANSWER_ACTION } from "../approvals/message.js";
import type { Command } from "../commands/command.js";
import { connect } from "../commands/connect.js";
import { endForNew } from "../commands/end-for-new.js";
import { runCommand } from "../commands/index.js";
import { CONNECT_ACTION } from "../commands/list.js";
import { startHere } from "../commands/start-here.js";
import type { ButtonClick } from "../door/delivery.js";
import type { Job } from "../inbox/job.js";
import type { Bridge } from "./bridge.js";
import { START_HERE } from "./dead.js";
import { END_FOR_ACTION } from "./limit.js";

/** Does what a button says: answers a question, or the command that it stands for; other buttons than ours do nothing. */
export async function routeClick(bridge: Bridge, job: Job, click: ButtonClick): Promise<void> {
  const { place, ts, user, action, value, responseUrl, ephemeral } = click;
  if (action.startsWith(ANSWER_ACTION)) return answerQuestion(bridge, job, click);
  const command = commandOf(action);
  if (!command) return;
  const address = { channel: place.channel, thread: place.thread, responseUrl };
  await runCommand(bridge, command, {
    job,
    user,
    ts,
    place,
    address,
    args: [value],
    slash: ephemeral,
  });
}

function commandOf(action: string): Command | undefined {
  if (action.startsWith(CONNECT_ACTION)) return connect;
  if (action.startsWith(END_FOR_ACTION)) return endForNew;
  return action === START_HERE ? startHere : undefined;
}
