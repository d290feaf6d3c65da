import { listen, migrate, openPool, transaction } from "@amp/postgres";
import { testDatabase } from "@amp/stack/testing";
import { pino } from "pino";
import { expect, test } from "vitest";

const logger = pino({ level: "silent" });

test("unqualified names mean the service's schema, beside the options of the URL", async () => {
  await using database = await testDatabase();
  const pool = openPool({
    url: `${database.url}?options=-c%20statement_timeout%3D1234`,
    schema: "amp_x",
    application: "test",
    logger,
  });
  const { rows } = await pool.query(
    "select current_setting('search_path') as path, current_setting('statement_timeout') as timeout",
  );
  await pool.end();
  expect(rows).toEqual([{ path: "amp_x", timeout: "1234ms" }]);
});
