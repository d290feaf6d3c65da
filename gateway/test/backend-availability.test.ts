import { GetResponse, Reason } from "@amp/proto";
import { freePort, tcpProxy } from "@amp/stack/testing";
import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { type Backend, type BackendError, openBackend } from "../src/backend/index.js";
import { failure, scriptedBackend } from "./scripted-backend.js";
import { startSystem } from "./web-system.js";

const SESSION = GetResponse.fromPartial({ session: { sessionId: "s" } });
const send = { sessionId: "s", message: "m", requestId: "r" };

async function withBackend<T>(address: string, work: (backend: Backend) => Promise<T>): Promise<T> {
  const backend = openBackend(address);
  try {
    return await work(backend);
  } finally {
    backend.close();
  }
}

/** How long something takes, in milliseconds. */
async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

const fails = (call: Promise<unknown>) =>
  expect(call).rejects.toMatchObject({ name: "BackendError", kind: "transient" });

test("the window opened when the backend went away: who comes late in an outage is told soon", async () => {
  await withBackend(`127.0.0.1:${await freePort()}`, async (backend) => {
    const window = 2_500;
    expect(await timeOf(() => fails(backend.send(send, { window })))).toBeGreaterThan(window - 1);
    const late = [1, 2, 3].map(() => timeOf(() => fails(backend.send(send, { window }))));
    for (const took of await Promise.all(late)) expect(took).toBeLessThan(2_000);
  });
});

test.each(["DRAINING", "DATABASE_UNAVAILABLE", undefined] as const)(
  "after UNAVAILABLE %s all who call wait for one probe",
  async (reason) => {
    const away = failure(status.UNAVAILABLE, reason && Reason[reason]);
    await using server = await scriptedBackend({ unary: [away, SESSION] });
    await withBackend(server.address, async (backend) => {
      await fails(backend.get("s"));
      await Promise.all(Array.from({ length: 20 }, () => backend.get("s")));
    });
    expect(server.probes).toBe(1);
    expect(server.calls).toHaveLength(21);
  },
);

test.each<[keyof typeof status, keyof typeof Reason]>([
  ["NOT_FOUND", "SESSION_ENDED"],
  ["UNAVAILABLE", "TURN_FAILED"],
  ["UNAVAILABLE", "OWNED_ELSEWHERE"],
  ["RESOURCE_EXHAUSTED", "QUEUE_FULL"],
  ["INTERNAL", "INTERNAL"],
  ["UNAUTHENTICATED", "TOKEN_INVALID"],
])("%s %s comes from a backend that is there", async (code, reason) => {
  const refusal = failure(status[code], Reason[reason]);
  await using server = await scriptedBackend({ unary: [refusal, SESSION] });
  await withBackend(server.address, async (backend) => {
    await expect(backend.send(send)).rejects.toMatchObject({ reason: Reason[reason] });
    await backend.get("s");
  });
  expect(server.probes).toBe(0);
});

test("a restart is over for all who wait within half a second", async () => {
  await using system = await startSystem();
  await withBackend(system.backend.address, async (backend) => {
    await backend.list({});
    for (let round = 0; round < 3; round++) {
      await system.backend.stop();
      await fails(backend.list({}));
      let back = Number.POSITIVE_INFINITY;
      const answers = Array.from({ length: 10 }, () =>
        backend.list({}, { window: 60_000 }).then(() => performance.now() - back),
      );
      // Long enough for the pauses between tries to have grown.
      await fails(backend.list({}, { window: 1_500 }));
      await system.backend.start();
      back = performance.now();
      for (const took of await Promise.all(answers)) expect(took).toBeLessThan(500);
    }
  });
});

test("a backend that goes mute in the middle of a call is noticed, and then nobody waits for it", async () => {
  await using server = await scriptedBackend({ unary: ["hang", SESSION] });
  await using line = await tcpProxy(`http://${server.address}`);
  await withBackend(new URL(line.url).host, async (backend) => {
    const answer = backend.send(send).catch((error: BackendError) => error);
    await expect.poll(() => server.calls).toHaveLength(1);
    line.mute();
    const noticed = await timeOf(async () =>
      expect(await answer).toMatchObject({ kind: "transient" }),
    );
    expect(noticed).toBeLessThan(15_000);
    expect(await timeOf(() => fails(backend.get("s")))).toBeLessThan(2_000);
    line.restore();
    await backend.get("s", { window: 10_000 });
  });
});

test("calls go to every address, and none fails when one of them dies", async () => {
  await using one = await scriptedBackend({ unary: [SESSION] });
  await using other = await scriptedBackend({ unary: [SESSION] });
  const target = `ipv4:${one.address},${other.address}`;
  await withBackend(target, async (backend) => {
    await backend.get("s");
    const many = () =>
      Promise.all(Array.from({ length: 100 }, () => backend.get("s", { window: 5_000 })));
    await expect
      .poll(async () => (await many()) && other.calls.length > 0 && one.calls.length > 0)
      .toBe(true);
    const before = [one.calls.length, other.calls.length];
    await many();
    expect([one.calls.length, other.calls.length]).toEqual(before.map((count) => count + 50));
    const dying = many();
    await other[Symbol.asyncDispose]();
    await dying;
    await many();
  });
});
