import type { Settings } from "@amp/service";

/** What the web chat reads from its environment. */
export interface WebConfig {
  /** Who may use it: `local` is everybody who can reach the loopback listener, as one user. */
  auth: "local";
  /** How long an unreachable backend is tried again while a request waits, in milliseconds. */
  retryWindow: number;
  /** How long an ended session is listed, in milliseconds; as long as the backend keeps it. */
  sessionRetention: number;
}

/** Reads the web chat's settings. @throws SettingError that names the variable. */
export function webConfig(settings: Settings): WebConfig {
  return {
    auth: settings.oneOf("WEB_AUTH", ["local"], "local"),
    retryWindow: settings.duration("BACKEND_RETRY_WINDOW", "10s"),
    sessionRetention: settings.duration("SESSION_RETENTION", "90d"),
  };
}
