import { setTimeout as delay } from "node:timers/promises";

/** How long Slack may take to let the app in before the banner says that it has not yet. */
const PATIENCE_MS = 5_000;
const PAUSE_MS = 100;

/** What a gateway says of its connection to Slack. */
export type SlackState = "connected" | "not connected" | { problem: string };

/**
 * Asks a running gateway whether Slack is connected, until it is, a problem is
 * known, or five seconds are over. Without Socket Mode nothing is to connect:
 * then Slack is `connected` as long as no problem is known.
 */
export async function slackState(gatewayUrl: string, socketMode: boolean): Promise<SlackState> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const problem = await knownProblem(gatewayUrl);
    if (problem) return { problem };
    if (!socketMode || (await openSockets(gatewayUrl)) > 0) return "connected";
    if (performance.now() > deadline) return "not connected";
    await delay(PAUSE_MS);
  }
}

async function knownProblem(gatewayUrl: string): Promise<string | undefined> {
  const response = await fetch(`${gatewayUrl}/readyz`);
  const body: unknown = await response.json();
  if (typeof body !== "object" || body === null || !("problems" in body)) return undefined;
  const { problems } = body as { problems: Record<string, unknown> };
  return typeof problems["slack"] === "string" ? problems["slack"] : undefined;
}

async function openSockets(gatewayUrl: string): Promise<number> {
  const metrics = await fetch(`${gatewayUrl}/metrics`).then((response) => response.text());
  return Number(/^amp_slack_socket_connected(?:\{[^}]*\})? (\d+)/m.exec(metrics)?.[1] ?? 0);
}
