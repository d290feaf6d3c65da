import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { WebClient } from "./web-client.js";
import { startSystem } from "./web-system.js";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));

/** A gateway in a process of its own, for the test to kill. */
async function gatewayProcess(env: Record<string, string>) {
  const child = spawn(process.execPath, ["--import", "tsx", "-C", "@amp/source", MAIN], {
    env: { ...process.env, ...env, LOG_LEVEL: "info" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const kill = async () => {
    child.kill("SIGKILL");
    await exited;
  };
  for await (const line of createInterface(child.stdout)) {
    const { url } = JSON.parse(line) as { url?: string };
    if (!url) continue;
    child.stdout.resume();
    return { url, kill };
  }
  throw new Error("the gateway did not start");
}

test("a gateway killed between accepting a message and answering loses and doubles nothing", async () => {
  await using system = await startSystem();
  const gateway = await gatewayProcess(system.settings);
  try {
    const doomed = new WebClient(gateway.url);
    const sessionId = await doomed.begin();
    const body = { message: "slow 2", request_id: "r" };
    const answer = doomed.post("/chat", body).catch(() => "cut off");
    const turns = async () => {
      const { body: transcript } = await system.web.get(`/sessions/${sessionId}/transcript`);
      return transcript["turns"];
    };
    await expect.poll(turns).toMatchObject([{ state: "running" }]);
    await gateway.kill();
    expect(await answer).toBe("cut off");

    expect(await system.web.post("/chat", body)).toMatchObject({ status: 200 });
    expect(await turns()).toMatchObject([{ seq: 1, request_id: "r", state: "completed" }]);
  } finally {
    await gateway.kill();
  }
});
