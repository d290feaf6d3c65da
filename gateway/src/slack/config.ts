import { type ListenAddress, SettingError, type Settings } from "@amp/service";

/** What the Slack surface reads from its environment. */
export interface SlackConfig {
  botToken: string;
  /** A second address for HTTP deliveries, with nothing else on it, for the world to reach. */
  listen: ListenAddress | undefined;
  /** Checks HTTP deliveries; undefined when Slack reaches us only over Socket Mode. */
  signingSecret: string | undefined;
  /** Opens Socket Mode connections; undefined when Slack reaches us only over HTTP. */
  appToken: string | undefined;
  /** Slack's Web API, or a stand-in for it; ends with a slash. */
  apiUrl: string;
  /** Whether that Slack shows Markdown blocks, as the real one does. */
  markdownBlocks: boolean;
  /** How long an unreachable backend is tried again before the thread is told, in milliseconds. */
  retryWindow: number;
  botName: string;
  /** The slash command, with its slash. */
  command: string;
  /** The id of the Slack user who is also the web chat's: both have the same notes. */
  webUser: string | undefined;
  maxSessionsPerUser: number;
  /** If there are any, the app works for these people, and admins, only. */
  allowedUsers: ReadonlySet<string>;
  /** If there are any, the app works in these channels, and in direct messages, only. */
  allowedChannels: ReadonlySet<string>;
  /** Whether guests, and people of other organisations, are refused. */
  denyGuests: boolean;
  /** Who sees and ends everything in their workspace. */
  admins: ReadonlySet<string>;
  /** How long deliveries that are done are kept, with their replies, in milliseconds. */
  inboxRetention: number;
  /** How long deliveries that were given up are kept. */
  deadLetterRetention: number;
  /** How long the backend keeps ended sessions, and the surface their mappings. */
  sessionRetention: number;
}

const SLACK_API = "https://slack.com/api/";

/** Whether it is not Slack itself that is called. */
export function isStandIn({ apiUrl }: Pick<SlackConfig, "apiUrl">): boolean {
  return !/(^|\.)slack(-gov)?\.com$/.test(new URL(apiUrl).hostname);
}

/** Tells two tokens that were swapped, or another kind of token; the message does not repeat it. */
function checkToken(variable: string, token: string | undefined, prefix: string): void {
  // A token that is rotated has a word of its own before.
  if (token === undefined || token.replace(/^xoxe\./, "").startsWith(prefix)) return;
  const [kind] = /^xox[a-z]-|^xapp-/.exec(token) ?? [];
  const problem = `must begin with ${prefix}`;
  throw new SettingError(variable, kind ? `${problem}, not with ${kind}` : problem);
}

/**
 * Reads the Slack surface's settings; undefined when it is off, as it is
 * without a bot token. @throws SettingError that names the variable.
 */
export function slackConfig(settings: Settings): SlackConfig | undefined {
  const botToken = settings.optional("SLACK_BOT_TOKEN");
  const signingSecret = settings.optional("SLACK_SIGNING_SECRET");
  const appToken = settings.optional("SLACK_APP_TOKEN");
  if (botToken === undefined) {
    if (signingSecret === undefined && appToken === undefined) return undefined;
    throw new SettingError("SLACK_BOT_TOKEN", "is not set, though other Slack settings are");
  }
  if (signingSecret === undefined && appToken === undefined) {
    throw new SettingError(
      "SLACK_SIGNING_SECRET",
      "is not set: give it for HTTP deliveries, or SLACK_APP_TOKEN for Socket Mode",
    );
  }
  const apiUrl = settings.httpUrl("SLACK_API_URL", SLACK_API).replace(/(?<!\/)\/*$/, "/");
  if (!isStandIn({ apiUrl })) {
    checkToken("SLACK_BOT_TOKEN", botToken, "xoxb-");
    checkToken("SLACK_APP_TOKEN", appToken, "xapp-");
  }
  const listen = settings.optional("SLACK_LISTEN");
  return {
    listen: listen === undefined ? undefined : settings.listen("SLACK_LISTEN", listen),
    botToken,
    signingSecret,
    appToken,
    apiUrl,
    markdownBlocks: settings.flag("SLACK_MARKDOWN_BLOCKS", true),
    retryWindow: settings.duration("BACKEND_RETRY_WINDOW", "60s"),
    botName: settings.text("SLACK_BOT_NAME", "amp"),
    command: settings.text("SLACK_COMMAND", "/amp"),
    webUser: settings.optional("SLACK_WEB_USER"),
    maxSessionsPerUser: settings.integer("SLACK_MAX_SESSIONS_PER_USER", 10, 1),
    allowedUsers: ids(settings, "SLACK_ALLOWED_USERS", USER_ID),
    allowedChannels: ids(settings, "SLACK_ALLOWED_CHANNELS", CHANNEL_ID),
    denyGuests: settings.flag("SLACK_DENY_GUESTS", true),
    admins: ids(settings, "SLACK_ADMINS", USER_ID),
    inboxRetention: settings.duration("SLACK_INBOX_RETENTION", "3d"),
    deadLetterRetention: settings.duration("SLACK_DEAD_LETTER_RETENTION", "30d"),
    sessionRetention: settings.duration("SESSION_RETENTION", "90d"),
  };
}

const USER_ID = /^[UW][A-Z0-9]+$/;
const CHANNEL_ID = /^[CG][A-Z0-9]+$/;

/** Slack's ids between commas. A name in their place would let nobody in, or everybody. */
function ids(settings: Settings, variable: string, form: RegExp): ReadonlySet<string> {
  const values = settings.list(variable);
  const wrong = values.find((value) => !form.test(value));
  if (wrong !== undefined) {
    const sample = form === USER_ID ? "U012ABCDEF" : "C012ABCDEF";
    throw new SettingError(
      variable,
      `must be ids such as ${sample}, between commas, not "${wrong}"`,
    );
  }
  return new Set(values);
}

/** What the app may be called by in a text, without a mention. */
export function namesOf({ botName, command }: SlackConfig): readonly string[] {
  return [botName, command];
}
