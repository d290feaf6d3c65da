import { expect, test, vi } from "vitest";
import { startSystem } from "./web-system.js";

const SOON = { timeout: 60_000, interval: 25 };

test("a token that the backend refuses is one error in the log, and makes /readyz red with the reason", async () => {
  const env = { BACKEND_TOKENS: "gateway:right-s3cret", BACKEND_TOKEN: "wrong-s3cret" };
  await using system = await startSystem(env);
  const readyz = async () => {
    const response = await fetch(`${system.gateway.url}/readyz`);
    return { status: response.status, body: await response.text() };
  };
  await vi.waitFor(async () => expect((await readyz()).status).toBe(503), SOON);
  const { body } = await readyz();
  const reason = "The backend refuses BACKEND_TOKEN: The bearer token is wrong.";
  expect(JSON.parse(body)).toEqual({ status: reason, problems: { backend: reason } });
  for (let n = 0; n < 20; n++) await system.web.get("/session");
  const errors = system.logs.filter(({ level }) => level >= 50);
  expect(errors).toMatchObject([
    { part: "backend", msg: expect.stringContaining("BACKEND_TOKEN") },
  ]);
  // Work in the background tells its failure once.
  const feed = system.logs.filter(({ msg }) => msg.includes("follow the endings of sessions"));
  await vi.waitFor(() => expect(feed.length).toBeGreaterThan(0), SOON);
  expect(feed.filter(({ level }) => level === 40)).toHaveLength(1);
  expect(JSON.stringify(system.logs) + body).not.toContain("s3cret");
});

test("when the token is right again, all is well, and said so once", async () => {
  await using system = await startSystem({ BACKEND_TOKENS: "old", BACKEND_TOKEN: "new" });
  const status = async () => (await fetch(`${system.gateway.url}/readyz`)).status;
  await vi.waitFor(async () => expect(await status()).toBe(503), SOON);
  await system.backend.stop();
  system.settings["BACKEND_TOKENS"] = "gateway:new,old";
  await system.backend.start();
  await vi.waitFor(async () => expect(await status()).toBe(200), SOON);
  expect(system.logs.filter(({ msg }) => msg === "backend: all is well again")).toHaveLength(1);
});

test("a missing token is told as such; a backend that is away is no such trouble", async () => {
  await using system = await startSystem({ BACKEND_TOKENS: "t" });
  await vi.waitFor(async () => {
    const response = await fetch(`${system.gateway.url}/readyz`);
    expect(await response.json()).toMatchObject({
      problems: { backend: "The backend refuses BACKEND_TOKEN: A bearer token is needed." },
    });
  }, SOON);
  await using well = await startSystem();
  await well.backend.stop();
  await well.web.get("/session");
  expect((await fetch(`${well.gateway.url}/readyz`)).status).toBe(200);
});

test("an outage of the backend is one warning of the feed, and one line when it is over", async () => {
  await using system = await startSystem();
  const feed = (level: number) =>
    system.logs.filter(
      (line) => line.level === level && line.msg.includes("the endings of sessions"),
    );
  await vi.waitFor(async () => {
    const metrics = await (await fetch(`${system.gateway.url}/metrics`)).text();
    expect(metrics).toContain("amp_endings_feed_connected 1");
  }, SOON);
  await system.backend.stop();
  await vi.waitFor(() => expect(feed(20).length).toBeGreaterThan(2), SOON);
  // The goodbye of a backend that drains, and that it is away then.
  expect(feed(40).length).toBeLessThanOrEqual(3);
  await system.backend.start();
  await vi.waitFor(() => expect(feed(30)).toHaveLength(1), SOON);
});
