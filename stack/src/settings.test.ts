import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { VARIABLES } from "@amp/service";
import { describe, expect, test } from "vitest";

function source(file: string): string {
  return readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), "utf8");
}

const README = source("README.md");
const COMPOSE = source("docker-compose.yml");

/** The files in which each reads its environment. */
const READERS = {
  backend: ["backend-service/src/config.ts", "backend-service/src/agents/openai/config.ts"],
  gateway: ["gateway/src/config.ts", "gateway/src/slack/config.ts", "gateway/src/web/config.ts"],
} as const;

/** Between containers these are not needed, or need files that only who runs them can bring. */
const NOT_IN_COMPOSE = new Set([
  "BACKEND_TLS_CA",
  "BACKEND_TLS_CERT",
  "BACKEND_TLS_CLIENT_CA",
  "BACKEND_TLS_KEY",
]);

function namesIn(text: string): string[] {
  const names = text.matchAll(/"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)"/g);
  return [...new Set([...names].map(([, name]) => name ?? ""))].sort();
}

test.each(["backend", "gateway"] as const)(
  "the list of settings is what the %s reads",
  (reader) => {
    const listed = [...VARIABLES[reader], ...VARIABLES.both];
    expect(namesIn(READERS[reader].map(source).join("\n"))).toEqual(listed.sort());
  },
);

test("`npm start` reads no setting that is not on the list", () => {
  const known: readonly string[] = Object.values(VARIABLES).flat();
  expect(
    namesIn(source("stack/src/stack-config.ts")).filter((name) => !known.includes(name)),
  ).toEqual([]);
});

describe("README.md documents every setting", () => {
  const { compose: _, ...settings } = VARIABLES;
  const rows = README.split("\n").filter((line) => line.startsWith("| `"));
  const documented = rows.flatMap((row) => {
    const names = [...(row.split("|")[1] ?? "").matchAll(/`([A-Z0-9_]+)`/g)].map(
      ([, name]) => name,
    );
    const first = names[0] ?? "";
    // `SLACK_A_B`, `_C` means SLACK_C or SLACK_A_C.
    const prefixes = [...first.matchAll(/_/g)].map(({ index }) => first.slice(0, index));
    return names.flatMap((name) =>
      name?.startsWith("_") ? prefixes.map((prefix) => prefix + name) : [name],
    );
  });
  test.each(Object.values(settings).flat())("%s", (name) => {
    expect(documented).toContain(name);
  });
});

describe.each(["backend", "gateway"] as const)(
  "docker-compose.yml passes on to the %s",
  (service) => {
    const block = new RegExp(`^  ${service}:\n((?:    .*\n|\n)+)`, "m").exec(COMPOSE)?.[1] ?? "";
    const names = [...VARIABLES.both, ...VARIABLES[service]].filter(
      (name) => !NOT_IN_COMPOSE.has(name),
    );
    test.each(names)("%s", (name) => {
      expect(block).toMatch(new RegExp(`^      ${name}:`, "m"));
    });
  },
);

test("every variable that docker-compose.yml fills in is on the list", () => {
  const known: readonly string[] = Object.values(VARIABLES).flat();
  const used = [...COMPOSE.matchAll(/\$\{([A-Z_]+)/g)].map(([, name]) => name);
  expect(used.filter((name) => !known.includes(name ?? ""))).toEqual([]);
});
