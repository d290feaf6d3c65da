import type { WebClient } from "@slack/web-api";
import { z } from "zod";
import { Answers } from "./api/answers.js";
import type { ChannelId, TeamId, UserId } from "./keys.js";

/**
 * What somebody is in a workspace: a full member; a guest, who sees only the
 * channels that they were invited to; or somebody of another organisation, in a
 * channel that it shares.
 */
export type Standing = "member" | "guest" | "stranger";

/** Members that Slack tells in one answer, and how many answers are read. */
const PAGE = 1_000;
const MOST_PAGES = 50;

/**
 * What Slack tells of people and conversations; each answer counts for a
 * minute. Every method throws what the call to Slack threw.
 */
export class People {
  private readonly users: Answers<Standing>;
  private readonly publicness: Answers<boolean>;
  private readonly members: Answers<ReadonlySet<string>>;

  constructor(private readonly client: WebClient) {
    this.users = new Answers({ outlivesFailures: true });
    this.publicness = new Answers();
    this.members = new Answers();
  }

  /** What the user is in the workspace. */
  standing(team: TeamId, user: UserId): Promise<Standing> {
    return this.users.get(`${team}:${user}`, async () => {
      const answer = await this.client.users.info({ user });
      return standingIn(team, User.parse(answer.user));
    });
  }

  /** Whether the conversation is open to every full member of its workspace. */
  isPublic(channel: ChannelId): Promise<boolean> {
    return this.publicness.get(channel, async () => {
      const answer = await this.client.conversations.info({ channel });
      const { is_private, is_im, is_mpim } = Conversation.parse(answer.channel);
      return !is_private && !is_im && !is_mpim;
    });
  }

  /** Whether the user is in the conversation. */
  async isIn(channel: ChannelId, user: UserId): Promise<boolean> {
    const members = await this.members.get(channel, () => this.readMembers(channel));
    return members.has(user);
  }

  private async readMembers(channel: ChannelId): Promise<ReadonlySet<string>> {
    const members = new Set<string>();
    let cursor = "";
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const answer = await this.client.conversations.members({
        channel,
        limit: PAGE,
        ...(cursor && { cursor }),
      });
      for (const member of answer.members ?? []) members.add(member);
      cursor = answer.response_metadata?.next_cursor ?? "";
      if (cursor === "") break;
    }
    return members;
  }
}

/** https://docs.slack.dev/reference/objects/user-object */
const User = z.object({
  team_id: z.string().nullish(),
  is_restricted: z.boolean().nullish(),
  is_ultra_restricted: z.boolean().nullish(),
  is_stranger: z.boolean().nullish(),
  /** On Enterprise Grid: the workspaces of the organisation that the user is in. */
  enterprise_user: z.object({ teams: z.array(z.string()).nullish() }).nullish(),
});

const Conversation = z.object({
  is_private: z.boolean().nullish(),
  is_im: z.boolean().nullish(),
  is_mpim: z.boolean().nullish(),
});

function standingIn(team: TeamId, user: z.infer<typeof User>): Standing {
  const home = user.team_id ?? team;
  const isOurs = home === team || user.enterprise_user?.teams?.includes(team) === true;
  if (user.is_stranger || !isOurs) return "stranger";
  return user.is_restricted || user.is_ultra_restricted ? "guest" : "member";
}
