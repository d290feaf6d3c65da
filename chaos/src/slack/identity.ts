/** Who the app is in its workspace. */
export const BOT = { id: "U0AMP", botId: "B0AMP", team: "T0CHAOS", token: "xoxb-chaos" } as const;

export const APP = { id: "A0AMP", token: "xapp-chaos" } as const;

export const SIGNING_SECRET = "chaos-signing-secret";

export const CHANNELS = ["C0GENERAL", "C0RANDOM"] as const;

export const USERS = ["U0ADA", "U0BOB", "U0EVE"] as const;
