import type { Database } from "../database.js";
import { settled } from "../settled.js";
import type { System } from "../system.js";

/** What must not be there once everything is answered and ended: rows of these. */
const AT_REST: Record<string, string> = {
  "open turns": "amp_backend.turns where state = 'open'",
  "sessions that count open turns": "amp_backend.sessions where open_turns <> 0",
  "living sessions": "amp_backend.sessions where state = 'active'",
  "Slack deliveries that wait": "amp_gateway.slack_inbox where status = 'waiting'",
  "Slack deliveries that were given up": "amp_gateway.slack_inbox where status = 'dead'",
  "Slack lanes at work": "amp_gateway.slack_lanes",
  "Slack replies not sent":
    "amp_gateway.slack_outbox o left join amp_gateway.slack_inbox i on i.id = inbox_id where o.state <> 'sent'",
  "Slack mappings that are not ended": "amp_gateway.slack_mappings where state <> 'ended'",
  "web mappings that are not ended": "amp_gateway.web_mappings where state <> 'ended'",
};

/** The same once all services were asked to stop, and did. */
const STOPPED: Record<string, string> = {
  "database connections": "pg_stat_activity where application_name like 'amp-%'",
  "advisory locks": "pg_locks where locktype = 'advisory'",
  leases: "amp_backend.replicas where lease_until > now()",
};

/** How much of a row is shown that is left over, in characters. */
const MOST_SHOWN = 900;

/** How long what goes on by itself may take to come to rest, in milliseconds. */
const REST_MS = 15_000;

/** What is left in the database when all is quiet, and whether the gateways say that all is well. */
export async function checkAtRest({ database, webUrls }: System): Promise<string[]> {
  const metrics = await Promise.all(webUrls.map(checkMetric));
  return [...(await leftovers(database, AT_REST)), ...metrics.flat()];
}

async function checkMetric(url: string): Promise<string[]> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const [, age] = /^amp_zombie_mapping_age_seconds (.*)$/m.exec(metrics) ?? [];
  return Number(age) < 1 ? [] : [`a gateway measures ${age} s as the age of its oldest zombie`];
}

/** Stops all services as an operator would. Returns what they leave behind. */
export async function checkStop(system: System): Promise<string[]> {
  const services = system.allServices();
  const pids = services.flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  const stopped = await Promise.all(
    services.map(async (service) => {
      const took = await service.terminate(20_000);
      return took === undefined ? [`${service.name} did not stop within 20 s of SIGTERM`] : [];
    }),
  );
  const groups = pids.filter(isAlive).map((pid) => `process group ${pid} is still there`);
  return [...stopped.flat(), ...groups, ...(await leftovers(system.database, STOPPED))];
}

async function leftovers(database: Database, rest: Record<string, string>): Promise<string[]> {
  const problems: string[] = [];
  for (const [what, rows] of Object.entries(rest)) {
    let count = 0;
    const none = await settled(async () => {
      const [row] = await database.query<{ count: string }>(`select count(*) from ${rows}`);
      count = Number(row?.count);
      return count === 0;
    }, REST_MS);
    if (none) continue;
    const [example] = await database.query<{ row: string }>(
      `select row_to_json(one)::text as row from (select * from ${rows} limit 1) one`,
    );
    problems.push(`left over: ${count} ${what}, such as ${example?.row.slice(0, MOST_SHOWN)}`);
  }
  return problems;
}

function isAlive(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
}
