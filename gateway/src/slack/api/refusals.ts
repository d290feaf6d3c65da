/**
 * What follows when Slack refuses a post:
 * - `later`: nothing is wrong with the post: it is tried again, for as long as it takes;
 * - `smaller`: it is split, or what is long in it is shortened;
 * - `plainer`: it is sent without blocks, with all that they said as its text;
 * - `unmarked`: it is sent without metadata;
 * - `elsewhere`: the answer to a slash command goes to the address that came with it, any other to its
 *   author as a direct message;
 * - `told`: it is given up, and its author is told so;
 * - `unknown`: Slack is in trouble itself and may have posted it: it is looked for, and then tried again.
 *
 * Where a step is no use, because a post cannot be smaller or has no blocks, the author is told.
 */
export type Policy =
  | "later"
  | "smaller"
  | "plainer"
  | "unmarked"
  | "elsewhere"
  | "told"
  | "unknown";

/**
 * The errors of https://docs.slack.dev/reference/methods/chat.postMessage, of chat.postEphemeral and
 * chat.update, and some that only people who met them tell of. What is not in here is `plainer`: an
 * error that nobody knows is most likely one of a block that nobody knew.
 */
const POLICIES: Record<Policy, readonly string[]> = {
  later: [
    // Slack limits calls.
    "accesslimited",
    "message_limit_exceeded",
    "rate_limited",
    "ratelimited",
    // Slack does not know the app any more, until its operator installs it anew or changes the token.
    "access_denied",
    "account_inactive",
    "app_access_restricted",
    "deprecated_endpoint",
    "ekm_access_denied",
    "enterprise_is_restricted",
    "invalid_auth",
    "method_deprecated",
    "missing_scope",
    "not_allowed_token_type",
    "not_authed",
    "org_login_required",
    "team_access_not_granted",
    "team_disabled",
    "token_expired",
    "token_revoked",
    "two_factor_setup_required",
    "user_removed_from_team",
  ],
  unknown: [
    "fatal_error",
    "internal_error",
    "request_timeout",
    "service_unavailable",
    "team_added_to_org",
  ],
  smaller: ["attachment_payload_limit_exceeded", "msg_blocks_too_long", "msg_too_long"],
  plainer: [
    "blocks_mismatch",
    "block_mismatch",
    "invalid_arguments",
    "invalid_array_arg",
    "invalid_attachments",
    "invalid_blocks",
    "invalid_blocks_format",
    "markdown_text_conflict",
    "no_text",
    "too_many_attachments",
    "too_many_contact_cards",
    "unable_to_parse_blocks",
  ],
  unmarked: [
    "invalid_metadata_format",
    "invalid_metadata_schema",
    "metadata_must_be_sent_from_app",
    "metadata_too_large",
  ],
  elsewhere: [
    "cannot_reply_to_message",
    "channel_is_frozen",
    "channel_not_found",
    "invalid_thread_ts",
    "is_archived",
    "message_not_found",
    "no_permission",
    "not_in_channel",
    "restricted_action",
    "restricted_action_non_threadable_channel",
    "restricted_action_read_only_channel",
    "restricted_action_thread_locked",
    "restricted_action_thread_only_channel",
    "team_not_found",
    "thread_locked",
    "thread_not_found",
    "user_not_in_channel",
  ],
  told: [
    "as_user_not_supported",
    "cannot_dm_bot",
    "duplicate_channel_not_found",
    "duplicate_message_not_found",
    "free_team_canvas_tab_already_exists",
    "im_disabled",
    "invalid_arg_name",
    "invalid_charset",
    "invalid_form_data",
    "invalid_post_type",
    "messages_tab_disabled",
    "missing_file_data",
    "missing_post_type",
    "send_on_behalf_not_allowed",
    "slack_connect_canvas_sharing_blocked",
    "slack_connect_clip_sharing_blocked",
    "slack_connect_file_link_sharing_blocked",
    "slack_connect_file_upload_sharing_blocked",
    "slack_connect_lists_sharing_blocked",
    "user_disabled",
    "user_not_found",
    "user_not_visible",
  ],
};

const BY_CODE: ReadonlyMap<string, Policy> = new Map(
  Object.entries(POLICIES).flatMap(([policy, codes]) =>
    codes.map((code): [string, Policy] => [code, policy as Policy]),
  ),
);

/** How soon `later` is, in milliseconds, if Slack does not say; the operator's repairs are met after the longest. */
const PAUSES: ReadonlyMap<string, number> = new Map([
  ["ratelimited", 1_000],
  ["rate_limited", 1_000],
  ["accesslimited", 5_000],
  ["message_limit_exceeded", 5_000],
]);
const OPERATOR_PAUSE_MS = 30_000;

/** What follows from an error of Slack's. */
export function policyOf(code: string): Policy {
  const policy = BY_CODE.get(code);
  if (policy) return policy;
  if (code.startsWith("restricted_action")) return "elsewhere";
  if (/too_long|too_large/.test(code)) return "smaller";
  return "plainer";
}

/** After which pause, in milliseconds, a call that was refused with a code of `later` is tried again. */
export function pauseOf(code: string): number {
  return PAUSES.get(code) ?? OPERATOR_PAUSE_MS;
}

/** Whether a code of `later` takes somebody who changes the app, its token or the workspace. */
export function takesOperator(code: string): boolean {
  return policyOf(code) === "later" && !PAUSES.has(code);
}
