import { expect, it } from "vitest";
import type { Approval } from "../core/model.js";
import { approval } from "../core/samples.testing.js";
import { decision } from "./words.js";

const ADA = { surface: "slack", user: "U1", display_name: "Ada" };
const ME = { surface: "web", user: "local", display_name: "" };
const CHOICE: Approval["options"] = [
  { option_id: "once", label: "This time", kind: "allow_once" },
  { option_id: "always", label: "From now on", kind: "allow_always" },
  { option_id: "no", label: "No", kind: "reject_once" },
];

it.each<[string, Partial<Approval>]>([
  ["Allowed by you", { option_id: "yes", decided_by: ME }],
  ["Rejected by Ada on Slack", { option_id: "no", decided_by: ADA }],
  ["Rejected", { option_id: "no" }],
  ["From now on, by you", { options: CHOICE, option_id: "always", decided_by: ME }],
  ["This time", { options: CHOICE, option_id: "once" }],
  ["Rejected by Ada on Slack", { options: CHOICE, option_id: "no", decided_by: ADA }],
  ["Nobody answered in time.", { state: "expired" }],
])("%s", (words, change) => {
  expect(decision(approval({ state: "decided", ...change }))).toBe(words);
});
