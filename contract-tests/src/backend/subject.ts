import { connectSessions, type SessionClient } from "@amp/proto";

/** Where a backend is and how to speak to it. */
export interface BackendTarget {
  /** `host:port`. */
  address: string;
  /** Sent as a bearer token. */
  token?: string | undefined;
  /** The agent of every session; the backend's default when undefined. */
  agent?: string | undefined;
  /** What that agent can show besides answering; contract-tests/README.md tells how it is asked to. */
  abilities?: readonly Ability[];
}

/** To ask people, to tell thoughts, to use tools. */
export type Ability = "asks" | "thinks" | "tools";

/** A backend under test, connected. */
export interface BackendSubject extends BackendTarget, Disposable {
  client: SessionClient;
}

/** Opens a channel to the backend; it connects on the first call. */
export function connectBackend(target: BackendTarget): BackendSubject {
  const client = connectSessions(target.address, { token: target.token });
  return { ...target, client, [Symbol.dispose]: () => client.close() };
}
