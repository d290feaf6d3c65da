/** A message that addresses the app. */
export interface Call {
  /** By a mention, and not only by its name as the first word. */
  mentioned: boolean;
  /** The text without that. */
  rest: string;
}

/** Whether a message mentions the app, or begins with its name. */
export function addressed(text: string, botUserId: string, botName: string): Call | undefined {
  const mention = new RegExp(`<@${literally(botUserId)}(?:\\|[^<>]*)?>`, "g");
  if (mention.test(text)) {
    return { mentioned: true, rest: withoutName(text.replace(mention, " ").trim(), botName) };
  }
  const rest = withoutName(text.trim(), botName);
  return rest === text.trim() ? undefined : { mentioned: false, rest };
}

function withoutName(text: string, botName: string): string {
  return text.replace(new RegExp(`^@?${literally(botName)}(?=\\s|$)`, "i"), "").trim();
}

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
