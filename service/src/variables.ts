import leven from "leven";
import type { Environment } from "./settings.js";

/**
 * Every environment variable that Amp Bridge reads, by its reader. A test
 * compares this list with the code that reads them, with README.md, and with
 * what docker-compose.yml passes on.
 */
export const VARIABLES = {
  /** `npm start`, besides what it passes on to the services. */
  stack: ["AMP_DATA_DIR"],
  both: [
    "BACKEND_TLS_CA",
    "BACKEND_TLS_CERT",
    "BACKEND_TLS_KEY",
    "DATABASE_POOL_SIZE",
    "DATABASE_URL",
    "LOG_LEVEL",
    "SESSION_RETENTION",
    "SHUTDOWN_GRACE",
  ],
  backend: [
    "BACKEND_ADVERTISE",
    "BACKEND_LISTEN",
    "BACKEND_TLS_CLIENT_CA",
    "BACKEND_TOKENS",
    "DEFAULT_AGENT",
    "MAX_RUNNING_TURNS",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "OPENAI_CONNECT_TIMEOUT",
    "OPENAI_FIRST_TOKEN_TIMEOUT",
    "OPENAI_HISTORY_CHARACTERS",
    "OPENAI_HISTORY_TURNS",
    "OPENAI_IDLE_TIMEOUT",
    "OPENAI_MODEL",
    "OPENAI_SYSTEM_PROMPT",
    "SESSION_IDLE_TTL",
    "TURN_QUEUE_LIMIT",
    "TURN_SILENCE_TIMEOUT",
    "TURN_TIMEOUT",
    "WORKSPACE_ROOTS",
  ],
  gateway: [
    "BACKEND_KEEPALIVE",
    "BACKEND_RETRY_WINDOW",
    "BACKEND_TOKEN",
    "BACKEND_URL",
    "GATEWAY_LISTEN",
    "GATEWAY_MONITOR_HOSTS",
    "GATEWAY_PUBLISHED_AS",
    "SLACK_ADMINS",
    "SLACK_ALLOWED_CHANNELS",
    "SLACK_ALLOWED_USERS",
    "SLACK_API_URL",
    "SLACK_APP_TOKEN",
    "SLACK_BOT_NAME",
    "SLACK_BOT_TOKEN",
    "SLACK_COMMAND",
    "SLACK_DEAD_LETTER_RETENTION",
    "SLACK_DENY_GUESTS",
    "SLACK_INBOX_RETENTION",
    "SLACK_LISTEN",
    "SLACK_MARKDOWN_BLOCKS",
    "SLACK_MAX_SESSIONS_PER_USER",
    "SLACK_SIGNING_SECRET",
    "SLACK_WEB_USER",
    "WEB_AUTH",
  ],
  /** docker-compose.yml itself. */
  compose: ["BACKEND_PORT", "GATEWAY_PORT", "POSTGRES_PASSWORD", "SLACK_PORT"],
} as const satisfies Record<string, readonly string[]>;

/** A variable that looks like a setting of ours, and is none. */
export interface UnknownVariable {
  name: string;
  /** The setting that was most likely meant; undefined when none comes close. */
  nearest: string | undefined;
}

const KNOWN: readonly string[] = Object.values(VARIABLES).flat();

/** Names that begin so are ours, or would be. Other families are shared with too many programs. */
const OURS = /^(AMP|BACKEND|GATEWAY|OPENAI|SLACK)_/;

/** What Kubernetes sets in every container, such as GATEWAY_PORT_3000_TCP_ADDR for a service `gateway`. */
const SERVICE_LINK = /_(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT(_\d+_(TCP|UDP|SCTP)(_.+)?)?)$/;

/** At most so many letters are wrong in a name that is merely misspelt. */
const MISSPELT = 2;

/** The variables of an environment that were most likely meant for us, though nothing reads them. */
export function unknownVariables(env: Environment): UnknownVariable[] {
  const names = Object.keys(env).filter(
    (name) => !KNOWN.includes(name) && !SERVICE_LINK.test(name),
  );
  return names.flatMap((name) => {
    const [nearest, distance] = nearestTo(name);
    if (distance > MISSPELT && !OURS.test(name)) return [];
    return [{ name, nearest: distance <= name.length / 3 ? nearest : undefined }];
  });
}

/** One line for people about such a variable. */
export function unknownVariableWarning({ name, nearest }: UnknownVariable): string {
  const hint = nearest === undefined ? "README.md lists them" : `did you mean ${nearest}?`;
  return `${name} is not a setting of Amp Bridge: ${hint}`;
}

function nearestTo(name: string): [nearest: string | undefined, distance: number] {
  let best: [string | undefined, number] = [undefined, Number.POSITIVE_INFINITY];
  for (const known of KNOWN) {
    const distance = leven(name.toUpperCase(), known);
    if (distance < best[1]) best = [known, distance];
  }
  return best;
}
