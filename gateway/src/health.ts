import { Router } from "express";
import type pg from "pg";
import type { Registry } from "prom-client";
import { mayBeRebound } from "./local-host.js";

/**
 * `/healthz`: the process answers. `/readyz`: it can also reach its database,
 * and there is nothing that an operator has to repair; 503 with the reason
 * otherwise, so that a load balancer leaves it out. `/metrics`: Prometheus.
 * @param problem what an operator has to repair; undefined while nothing is known to be wrong
 */
export function healthRoutes(
  pool: pg.Pool,
  metrics: Registry,
  hosts: string[],
  problem: () => string | undefined,
): Router {
  const router = Router();
  router.use(["/healthz", "/readyz", "/metrics"], (request, response, next) => {
    if (!mayBeRebound(request.headers, hosts)) return next();
    response.status(403).json({ error: "This name is not in GATEWAY_MONITOR_HOSTS" });
  });
  router.get("/healthz", (_request, response) => {
    response.json({ status: "ok" });
  });
  router.get("/readyz", async (_request, response) => {
    const ready = await pool.query("select 1").then(
      () => true,
      () => false,
    );
    const wrong = ready ? problem() : "database unavailable";
    response.status(wrong === undefined ? 200 : 503).json({ status: wrong ?? "ready" });
  });
  router.get("/metrics", async (_request, response) => {
    response.type(metrics.contentType).send(await metrics.metrics());
  });
  return router;
}
