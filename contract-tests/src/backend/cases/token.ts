import { type CallOptions, connectSessions, Reason, type SessionClient } from "@amp/proto";
import { status } from "@grpc/grpc-js";
import type { Case } from "../../case.js";
import { assertFails } from "../failure.js";
import { drain } from "../steps.js";
import type { BackendSubject } from "../subject.js";

/** A backend that wants a token. */
export const tokenCases: Case<BackendSubject>[] = [
  {
    name: "without a token every call is UNAUTHENTICATED, TOKEN_MISSING",
    run: ({ address }) => refused(connectSessions(address), Reason.TOKEN_MISSING),
  },
  {
    name: "with another token every call is UNAUTHENTICATED, TOKEN_INVALID",
    run: ({ address, token }) =>
      refused(connectSessions(address, { token: `${token}-not` }), Reason.TOKEN_INVALID),
  },
  {
    name: "a token that nearly matches is refused: its beginning, its end, another case",
    async run({ address, token = "" }) {
      const near = [token.slice(0, -1), token.slice(1), token.slice(0, 1), `${token}${token}`];
      for (const other of [...near, token.toUpperCase(), token.toLowerCase()]) {
        if (other === token || other === "") continue;
        await refused(connectSessions(address, { token: other }), Reason.TOKEN_INVALID);
      }
    },
  },
];

async function refused(client: SessionClient, reason: Reason): Promise<void> {
  const options: CallOptions = { timeout: 5_000 };
  try {
    for (const call of [
      () => client.create({}, options),
      () => client.list({}, options),
      () => drain(client.watch({ sessionId: "any" }, options)),
      () => drain(client.sendStream({ sessionId: "any", message: "any" }, options)),
    ]) {
      await assertFails(call(), status.UNAUTHENTICATED, reason);
    }
  } finally {
    client.close();
  }
}
