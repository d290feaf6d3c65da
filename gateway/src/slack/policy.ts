/**
 * Who may do what in Slack, in one place; docs/security.md has it as a table.
 *
 * A session belongs to its conversation. Who can read the conversation may talk
 * in it and see it in lists; who began the session, who wrote a turn in it, and
 * admins may end it. Guests and people of other organisations may do nothing,
 * unless the settings let them; a question of the agent is answered by those
 * whom its message names.
 */
import type { Logger } from "pino";
import { outcomeOf } from "./api/outcome.js";
import type { SlackConfig } from "./config.js";
import { Postponed } from "./inbox/job.js";
import { type ChannelId, isDirectMessage, type Place, type TeamId, type UserId } from "./keys.js";
import type { People, Standing } from "./people.js";

/** The settings that say who may. */
export type PolicyConfig = Pick<
  SlackConfig,
  "allowedUsers" | "allowedChannels" | "denyGuests" | "admins"
>;

/** Why somebody may not use the app here. */
export interface Refusal {
  /** For them, in mrkdwn. */
  text: string;
  /** Whether they are told once, and not each time. */
  once: boolean;
}

/** Where a session was begun in Slack, or is talked to, and by whom. */
export interface Whereabouts {
  team: TeamId;
  channel: ChannelId;
  creator: UserId;
}

const NOT_A_MEMBER = "_I work for full members of this workspace only._";
const NOT_ALLOWED =
  "_You are not among the people that I work for. Ask who runs me to let you in._";
const NOT_HERE = "_I do not work in this channel._";
const WHO =
  "_Slack did not tell me who you are, so I did nothing. Ask who runs me whether I may ask it (scope `users:read`)._";

/** The most conversations that Slack is asked about for one answer: it limits such calls to some 50 a minute. */
const MOST_CHANNELS = 100;

/** Decides who may. */
export class Policy {
  constructor(
    private readonly config: PolicyConfig,
    private readonly people: People,
    private readonly logger: Logger,
  ) {}

  /** Whether the user may see and end everything in their workspace. */
  isAdmin(user: UserId): boolean {
    return this.config.admins.has(user);
  }

  /**
   * Why the user may not use the app in this place; undefined if they may.
   * @throws Postponed when Slack wants to be asked later, and what failed when it cannot be asked at all
   */
  async refusal({ team, channel }: Place, user: UserId): Promise<Refusal | undefined> {
    const { allowedUsers, allowedChannels, denyGuests } = this.config;
    if (allowedUsers.size > 0 && !allowedUsers.has(user) && !this.isAdmin(user)) {
      return { text: NOT_ALLOWED, once: true };
    }
    if (allowedChannels.size > 0 && !isDirectMessage(channel) && !allowedChannels.has(channel)) {
      return { text: NOT_HERE, once: true };
    }
    if (!denyGuests) return undefined;
    const standing = await this.standing(team, user);
    if (standing === undefined) return { text: WHO, once: false };
    return standing === "member" ? undefined : { text: NOT_A_MEMBER, once: true };
  }

  /** What the user is; undefined when Slack does not tell this app. */
  private async standing(team: TeamId, user: UserId): Promise<Standing | undefined> {
    try {
      return await this.people.standing(team, user);
    } catch (error) {
      const outcome = outcomeOf(error);
      if (outcome.kind === "unknown") throw error;
      const { reason } = outcome;
      // An app that lacks a scope would wait for ever without a word.
      if (outcome.kind === "later" && reason !== "missing_scope") {
        throw new Postponed(outcome.pause, reason);
      }
      this.logger.error({ reason }, "Slack does not tell who a user is, so they are refused");
      return undefined;
    }
  }

  /** Whether the user may end the session, or stop its turn: they began it, wrote in it, or are an admin. */
  mayEnd(user: UserId, involved: readonly UserId[]): boolean {
    return this.isAdmin(user) || involved.includes(user);
  }

  /** What one user sees, as long as one question lasts. */
  viewOf(team: TeamId, user: UserId): View {
    return new View(team, user, this.isAdmin(user), this.people, this.logger);
  }
}

/** What one user may see of the sessions of a workspace. */
export class View {
  /** Whether Slack could not be asked about some conversation, which then counts as not seen. */
  unsure = false;
  private readonly read = new Map<ChannelId, Promise<boolean>>();

  constructor(
    private readonly team: TeamId,
    private readonly user: UserId,
    private readonly admin: boolean,
    private readonly people: People,
    private readonly logger: Logger,
  ) {}

  /** Whether the user may see the session and what was said in it. */
  async sees({ team, channel, creator }: Whereabouts): Promise<boolean> {
    if (team !== this.team) return false;
    if (this.admin || creator === this.user) return true;
    // Its one person began it.
    if (isDirectMessage(channel)) return false;
    const known = this.read.get(channel);
    if (known !== undefined) return known;
    if (this.read.size === MOST_CHANNELS) {
      this.unsure = true;
      return false;
    }
    const reads = this.asked(() => this.reads(channel));
    this.read.set(channel, reads);
    return reads;
  }

  /**
   * Whether what is said in one conversation may be named in a post to another,
   * which everybody there reads.
   */
  async mayBeNamed(channel: ChannelId, here: ChannelId): Promise<boolean> {
    if (channel === here) return true;
    if (isDirectMessage(channel)) return isDirectMessage(here);
    return isDirectMessage(here) || this.asked(() => this.people.isPublic(channel));
  }

  /** Full members read public channels; everybody else, and all others, what they are in. */
  private async reads(channel: ChannelId): Promise<boolean> {
    const { people, team, user } = this;
    const open = await people.isPublic(channel);
    if (open && (await people.standing(team, user)) === "member") return true;
    return people.isIn(channel, user);
  }

  private async asked(ask: () => Promise<boolean>): Promise<boolean> {
    try {
      return await ask();
    } catch (error) {
      const { kind, reason } = outcomeOf(error);
      // What the app cannot see any more, nobody sees through it.
      if (kind === "later" || kind === "unknown") this.unsure = true;
      this.logger.debug({ reason }, "Slack did not tell who reads a conversation");
      return false;
    }
  }
}
