/** Something that Slack delivers, by whichever door; the types are those of Socket Mode. */
export interface Envelope {
  type: "events_api" | "slash_commands" | "interactive";
  payload: Record<string, unknown>;
}

/** A way into the app. Resolves with whether the delivery was acknowledged in time. */
export type Door = (envelope: Envelope, attempt: number) => Promise<boolean>;
