/** The contract `amp.session.v1` and what its callers and its server share. */
export * from "./client.js";
export * from "./descriptors.js";
export * from "./error-info.js";
export * from "./gen/amp/session/v1/session.js";
