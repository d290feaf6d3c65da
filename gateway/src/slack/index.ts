import { Router } from "express";
import type { Surface, SurfaceContext } from "../surface.js";
import type { SlackConfig } from "./config.js";

/** Starts the Slack surface. */
export async function startSlack(_config: SlackConfig, _context: SurfaceContext): Promise<Surface> {
  return { router: Router(), async [Symbol.asyncDispose]() {} };
}
