import { Counter, Gauge, type Registry } from "prom-client";
import type { Ending } from "../backend/index.js";
import type { Surface } from "../surface.js";

/** How a dead session was found: the feed told, a sweep over all, or the look at every new mapping. */
export type FoundBy = "feed" | "sweep" | "check";

/** Lets go of dead sessions on every surface, and tells in metrics of those that still hold one. */
export class Release {
  /** Since when the oldest of the sessions that cannot be let go of is dead, in milliseconds since the epoch. */
  private readonly held = new Map<FoundBy, number>();
  private readonly deactivated: Counter;

  constructor(
    private readonly surfaces: Surface[],
    metrics: Registry,
  ) {
    const { held } = this;
    new Gauge({
      name: "amp_zombie_mapping_age_seconds",
      help: "Age of the oldest active mapping whose session is dead, as far as known; 0 when all is well",
      registers: [metrics],
      collect() {
        const oldest = Math.min(Date.now(), ...held.values());
        this.set((Date.now() - oldest) / 1_000);
      },
    });
    this.deactivated = new Counter({
      name: "amp_mappings_deactivated_total",
      help: "Mappings deactivated because their session died, without anybody writing to it",
      labelNames: ["surface", "found_by"],
      registers: [metrics],
    });
  }

  /** When it resolves, no active mapping points at the sessions, in Postgres. What fails is found again. */
  async endings(endings: Ending[], foundBy: FoundBy): Promise<void> {
    if (endings.length > 0) {
      this.held.set(foundBy, Math.min(...endings.map(({ at }) => at)));
      for (const { name, mappings } of this.surfaces) {
        const count = await mappings.ended(endings);
        this.deactivated.inc({ surface: name, found_by: foundBy }, count);
      }
    }
    this.held.delete(foundBy);
  }
}
