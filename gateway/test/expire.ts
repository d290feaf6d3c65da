import type { System } from "./web-system.js";

/** Lets every session expire at once, as the backend does after a month. */
export async function expireAll({ pool }: Pick<System, "pool">): Promise<void> {
  await pool.query(`
    begin;
    set local search_path to amp_backend;
    update sessions set state = 'ended', end_kind = 'expired', ended_at = now();
    commit`);
}
