import { Router } from "express";
import type pg from "pg";
import type { Registry } from "prom-client";
import { mayBeRebound } from "./local-host.js";

/** What health is made of. */
export interface HealthOptions {
  pool: pg.Pool;
  metrics: Registry;
  /** What an operator has to repair, by its part; empty while nothing is known to be wrong. */
  problems: () => Record<string, string>;
  /** Names with a dot under which probes and Prometheus may come. */
  hosts: string[];
}

/**
 * `/healthz`: the process answers. `/readyz`: it can also reach its database,
 * and nothing keeps it from its work until somebody changes a setting; 503 with
 * the reasons otherwise, so that a load balancer leaves it out. `/metrics`: Prometheus.
 */
export function healthRoutes({ pool, metrics, problems: found, hosts }: HealthOptions): Router {
  const router = Router();
  router.use(["/healthz", "/readyz", "/metrics"], (request, response, next) => {
    if (!mayBeRebound(request.headers, hosts)) return next();
    response.status(403).json({ error: "This name is not in GATEWAY_MONITOR_HOSTS" });
  });
  router.get("/healthz", (_request, response) => {
    response.json({ status: "ok" });
  });
  router.get("/readyz", async (_request, response) => {
    const problems = found();
    await pool.query("select 1").catch(() => {
      problems["database"] = "The database cannot be reached.";
    });
    const reasons = Object.values(problems);
    if (reasons.length === 0) response.json({ status: "ready" });
    else response.status(503).json({ status: reasons.join("; "), problems });
  });
  router.get("/metrics", async (_request, response) => {
    response.type(metrics.contentType).send(await metrics.metrics());
  });
  return router;
}
