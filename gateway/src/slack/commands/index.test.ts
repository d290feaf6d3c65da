import { expect, test } from "vitest";
import { parseCommand } from "./index.js";

test.each([
  ["help", ["", "help", "?", "HELP", "  "]],
  ["list", ["list", "ls", "List proj"]],
  ["new", ["new", "start", "create"]],
  ["connect", ["connect", "attach", "join"]],
  ["status", ["status", "info"]],
  ["end", ["end", "disconnect", "quit", "stop", "close"]],
])("%s and its aliases", (name, lines) => {
  const { command } = parseCommand(name);
  for (const line of lines) expect(parseCommand(line)).toMatchObject({ command, known: true });
});

test("arguments are the other words; any other first word is unknown", () => {
  expect(parseCommand("new  a b").args).toEqual(["a", "b"]);
  for (const word of ["newer", "constructor", "__proto__", "help!"]) {
    expect(parseCommand(word).known).toBe(false);
  }
});
