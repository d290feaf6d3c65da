import { expect, test } from "vitest";
import { unsafeNodeWarning } from "./node-release.js";

test.each([
  ["v20.20.2", "24.22.1"],
  ["v18.20.8", "24.22.1"],
  ["v21.7.3", "24.22.1"],
  ["v23.11.1", "24.22.1"],
  ["v25.9.0", "24.22.1"],
  ["v22.0.0", "22.23.4"],
  ["v22.23.3", "22.23.4"],
  ["v22.9.9", "22.23.4"],
  ["v24.21.0", "24.22.1"],
  ["v24.22.0", "24.22.1"],
  ["v24.22.1-rc.1", "24.22.1"],
  ["v26.12.0", "26.12.1"],
  ["v26.2.9", "26.12.1"],
])("%s is not safe, %s is", (version, instead) => {
  expect(unsafeNodeWarning(version)).toContain(`take ${instead} or`);
});

test.each([
  "v22.23.4",
  "v22.24.0",
  "v24.22.1",
  "v24.100.0",
  "v26.12.1",
  "v26.13.0",
  "v27.0.0",
  "v28.1.0",
])("nothing is known of %s", (version) => {
  expect(unsafeNodeWarning(version)).toBeUndefined();
});
