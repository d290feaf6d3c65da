import { GetResponse, Reason } from "@amp/proto";
import { freePort, tcpProxy } from "@amp/stack/testing";
import { status } from "@grpc/grpc-js";
import { expect, onTestFinished, test, vi } from "vitest";
import { Availability, BackendAway } from "../src/backend/availability.js";
import { type Backend, BackendError, openBackend } from "../src/backend/index.js";
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
    const window = 10_000;
    expect(await timeOf(() => fails(backend.send(send, { window })))).toBeGreaterThan(window - 1);
    const late = [1, 2, 3].map(() => timeOf(() => fails(backend.send(send, { window }))));
    for (const took of await Promise.all(late)) expect(took).toBeLessThan(window / 2);
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

const GONE = new BackendError("transient", "gone", undefined, "UNAVAILABLE");

/** A backend that is away, and whose probe is answered when told. */
async function probed() {
  let answer = () => {};
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const availability = new Availability(() => answered);
  await availability.failed(GONE);
  return { availability, answer };
}

/** What became of 20 calls that come at once: how many passed, and why the others did not. */
async function twenty(availability: Availability) {
  const calls = Array.from({ length: 20 }, () => availability.pass(undefined));
  const settled = await Promise.allSettled(calls);
  const reasons = settled.flatMap((call) => (call.status === "rejected" ? [call.reason] : []));
  return { passed: settled.length - reasons.length, reasons };
}

test("while it stays away 20 callers cost one probe a round, and fail together", async () => {
  const probe = vi.fn(() => Promise.reject(GONE));
  const availability = new Availability(probe);
  expect(availability.awaySince).toBeUndefined();
  await availability.failed(GONE);
  const since = availability.awaySince;
  expect(since).toBeLessThanOrEqual(performance.now());

  expect((await twenty(availability)).reasons).toHaveLength(20);
  expect(probe).toHaveBeenCalledTimes(1);
  // Again and again, for the first to come are told of the last round.
  for (let rounds = 2; rounds < 5; rounds++) {
    await vi.waitFor(async () => {
      const { reasons } = await twenty(availability);
      expect(reasons).toHaveLength(20);
      for (const reason of reasons) {
        expect(reason).toBeInstanceOf(BackendAway);
        expect(reason.cause).toBe(GONE);
      }
      expect(probe.mock.calls.length).toBeGreaterThanOrEqual(rounds);
    });
    expect(probe).toHaveBeenCalledTimes(rounds);
  }
  expect(availability.awaySince).toBe(since);
});

test.each([
  ["an answer", () => Promise.resolve()],
  ["a refusal", () => Promise.reject(new BackendError("denied", "who?", undefined, "DENIED"))],
])("all who waited pass when the probe gets %s", async (_what, answer) => {
  const probe = vi.fn<() => Promise<void>>(answer);
  const availability = new Availability(probe);
  await availability.failed(GONE);
  expect(await twenty(availability)).toMatchObject({ passed: 20 });
  expect(availability.awaySince).toBeUndefined();
  expect(await twenty(availability)).toMatchObject({ passed: 20 });
  expect(probe).toHaveBeenCalledTimes(1);
});

test("a failure from before the outage, told during the probe, does not undo its answer", async () => {
  const { availability, answer } = await probed();
  const round = twenty(availability);
  const told = availability.failed(GONE);
  answer();
  expect(await round).toMatchObject({ passed: 20 });
  await told;
  expect(availability.awaySince).toBeUndefined();
});

test("who gives up leaves the probe to the others", async () => {
  const { availability, answer } = await probed();
  const enough = new AbortController();
  const first = availability.pass(enough.signal);
  const others = twenty(availability);
  enough.abort("enough");
  await expect(first).rejects.toBe("enough");
  answer();
  expect(await others).toMatchObject({ passed: 20 });
});

test("a wall clock that is set back during an outage delays nobody", async () => {
  onTestFinished(() => void vi.useRealTimers());
  await using server = await scriptedBackend({ unary: [SESSION] });
  await using line = await tcpProxy(`http://${server.address}`);
  await withBackend(new URL(line.url).host, async (backend) => {
    await backend.get("s");
    line.cut();
    await fails(backend.get("s", { window: 300 }));
    vi.setSystemTime(Date.now() - 3_600_000);
    const answers = Array.from({ length: 20 }, () => backend.get("s", { window: 60_000 }));
    await fails(backend.get("s", { window: 600 }));
    line.restore();
    expect(await timeOf(() => Promise.all(answers))).toBeLessThan(20_000);
  });
});

test("a restart is over for all who wait soon, however long their pauses had grown", async () => {
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
      for (const took of await Promise.all(answers)) expect(took).toBeLessThan(5_000);
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
    expect(noticed).toBeLessThan(60_000);
    expect(await timeOf(() => fails(backend.get("s")))).toBeLessThan(20_000);
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
