/** The app under test, as the local workspace knows it. */
export const LOCAL_SLACK_APP = {
  teamId: "T0LOCAL",
  appId: "A0AMP",
  botUserId: "U0AMP",
  botName: "amp",
  botToken: "xoxb-local-amp",
  appToken: "xapp-local-amp",
  signingSecret: "local-signing-secret",
} as const;

/** The people of the local workspace. */
export const LOCAL_SLACK_USERS = [
  { id: "U0ADA", name: "ada", real_name: "Ada Lovelace", email: "ada@example.com" },
  { id: "U0BOB", name: "bob", real_name: "Bob Kahn", email: "bob@example.com" },
  { id: "U0EVE", name: "eve", real_name: "Eve Sommer", email: "eve@example.com" },
] as const;

/** The channels of the local workspace; everybody and the app are members of each. */
export const LOCAL_SLACK_CHANNELS = [
  { id: "C0GENERAL", name: "general" },
  { id: "C0RANDOM", name: "random" },
] as const;
