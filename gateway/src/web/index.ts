import { Releases } from "@amp/service";
import compression from "compression";
import { Router } from "express";

import { Notes } from "../notes/notes.js";
import type { Surface, SurfaceContext } from "../surface.js";
import { apiRoutes } from "./api.js";
import type { WebConfig } from "./config.js";
import type { WebContext } from "./context.js";
import { SessionLists } from "./events/session-lists.js";
import { StreamSlots } from "./events/stream-slots.js";
import { localGuard } from "./guard.js";
import { pageRoutes, securityHeaders } from "./page.js";
import { purgeEnded } from "./purge.js";
import { letGoElsewhere } from "./sessions.js";
import { Asides } from "./store/asides.js";
import { Lists } from "./store/lists.js";
import { Mappings } from "./store/mappings.js";
import { finishUnfinished } from "./unfinished.js";

/** Where everything of the web chat is, but for the page's second place at `/`. */
const PREFIX = "/apps/web-chat";

/** Starts the web chat: its page, its API, and what goes on behind them. */
export async function startWeb(config: WebConfig, surface: SurfaceContext): Promise<Surface> {
  await using releases = new Releases();
  const { backend, pool, database, logger, closing } = surface;
  const lists = new Lists(pool);
  const context: WebContext = {
    backend,
    mappings: new Mappings(pool),
    notes: new Notes(pool),
    asides: new Asides(pool),
    lists,
    listChanges: releases.use(new SessionLists(database, lists, logger)),
    streams: new StreamSlots(),
    logger,
    retryWindow: config.retryWindow,
    closing,
  };
  await context.listChanges.ready;
  releases.use(finishUnfinished(context));
  releases.use(purgeEnded(lists, config.sessionRetention, logger));

  const router = Router();
  router.use(securityHeaders, localGuard);
  // It leaves event streams alone, for their Cache-Control has no-transform.
  router.use(compression());
  router.use(`${PREFIX}/api`, apiRoutes(context));
  router.use(pageRoutes(PREFIX));
  const running = releases.move();
  const { mappings } = context;
  return {
    name: "web",
    router,
    mappings: {
      activeSessions: (after, limit) => mappings.activeSessions(after, limit),
      unchecked: (limit) => mappings.unchecked(limit),
      checked: (ids) => mappings.checked(ids),
      ended: (endings) => letGoElsewhere(context, endings),
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}
