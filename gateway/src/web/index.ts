import { Router } from "express";
import type { Surface, SurfaceContext } from "../surface.js";
import type { WebConfig } from "./config.js";

/** Starts the web chat. */
export async function startWeb(_config: WebConfig, _context: SurfaceContext): Promise<Surface> {
  return { router: Router(), async [Symbol.asyncDispose]() {} };
}
