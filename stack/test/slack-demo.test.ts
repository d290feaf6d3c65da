import { expect, test } from "vitest";
import { localSlackControl } from "../src/peers/local-slack-control.js";
import { place, start } from "./system.js";

test("the demo's Slack has an agent to talk to", async () => {
  await using where = await place();
  await using system = await start(where, ["--slack-demo"]);
  const url = /Slack\s+(http:\/\/\S+)/.exec(system.output())?.[1] ?? "";
  const slack = localSlackControl(url);
  const channel = "C0GENERAL";
  const answer = async (text: string) =>
    (await slack.messages(channel)).find((each) => each.bot_id && each.text?.includes(text));

  await slack.message({ channel, user: "U0ADA", text: "<@U0AMP> new a demo" });
  await expect.poll(() => answer("Started new session"), { timeout: 60_000 }).toBeDefined();
  const started = await answer("Started new session");
  const thread_ts = started?.thread_ts ?? started?.ts ?? "";
  await slack.message({ channel, user: "U0ADA", text: "what is 6 x 7?", thread_ts });
  await expect.poll(() => answer("what is 6 x 7?"), { timeout: 60_000 }).toBeDefined();
});
