/** The gateway as a library, for whoever runs it in their own process. */
export { type Config, parseConfig } from "./config.js";
export { type Gateway, type GatewayOverrides, startGateway } from "./gateway.js";
