import { errorSerializer, openPool } from "@amp/postgres";
import { testDatabase } from "@amp/stack/testing";
import { pino } from "pino";
import { expect, test } from "vitest";

/** What a log says of an error. */
function logged(error: unknown): string {
  const lines: string[] = [];
  const stream = { write: (line: string) => void lines.push(line) };
  pino({ serializers: { err: errorSerializer } }, stream).error({ err: error }, "failed");
  return lines.join("");
}

test("no error of the database puts what people wrote into the log", async () => {
  await using database = await testDatabase();
  const logger = pino({ level: "silent" });
  const pool = openPool({ url: database.url, schema: "public", application: "test", logger });
  await pool.query(
    "create table words (word text primary key, check (word <> 'forbidden secret'))",
  );
  await pool.query("insert into words values ('my secret')");
  const statements = [
    "insert into words values ('my secret')",
    "insert into words values ('forbidden secret')",
    `select '{"a": "my secret \\u0000"}'::jsonb`,
    "do $$ begin perform 1 from nowhere where word = 'my secret'; end $$",
    "do $$ begin raise 'no' using detail = 'my secret', hint = 'the secret'; end $$",
  ];
  for (const statement of statements) {
    const error = await pool.query(statement).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    const wrapped = new AggregateError([error, new Error("outer", { cause: error })], "all");
    for (const each of [error, new Error("outer", { cause: error }), wrapped]) {
      const line = logged(each);
      expect(line).not.toContain("secret");
      expect(line).toMatch(/"code":"[0-9A-Z]{5}"|caused by/);
    }
  }
  await pool.end();
});

test("what is no error of the database is logged as ever", () => {
  const error = Object.assign(new Error("away"), { code: "ECONNREFUSED", port: 5432 });
  expect(JSON.parse(logged(error)).err).toMatchObject({
    message: "away",
    code: "ECONNREFUSED",
    port: 5432,
    stack: expect.stringContaining("away"),
  });
  expect(JSON.parse(logged("a text")).err).toBe("a text");
});
