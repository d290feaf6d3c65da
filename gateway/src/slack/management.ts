import { type RequestHandler, Router } from "express";
import type pg from "pg";
import { slackMode } from "./commands/config.js";
import type { SlackConfig } from "./config.js";
import { listActive } from "./mappings/store.js";

/**
 * `/apps/slack/status` and `/apps/slack/sessions`, for whoever runs the
 * gateway. Whoever lets Slack in through a proxy lets it reach SLACK_LISTEN only.
 * @param ownerOnly who that is
 */
export function managementRoutes(
  config: SlackConfig,
  pool: pg.Pool,
  ownerOnly: RequestHandler,
): Router {
  const router = Router();
  router.get("/apps/slack/status", ownerOnly, async (_request, response) => {
    const active = await listActive(pool);
    response.json({
      status: "ok",
      mode: slackMode(config),
      // The original has one; there is none here.
      hub_channel: "",
      active_sessions: active.length,
      is_configured: true,
    });
  });
  router.get("/apps/slack/sessions", ownerOnly, async (_request, response) => {
    const active = await listActive(pool);
    response.json(
      active.map((mapping) => ({
        session_id: mapping.sessionId,
        channel_id: mapping.channel,
        thread_ts: mapping.thread,
        project_id: mapping.project,
        description: mapping.description,
        created_by: mapping.createdBy,
        is_active: mapping.active,
      })),
    );
  });
  return router;
}
