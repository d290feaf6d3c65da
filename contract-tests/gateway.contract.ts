import { describeGatewayContract } from "./src/gateway/register.js";
import { contractSettings } from "./src/settings.js";

const { gatewayUrl, backendUrl, backendToken, abilities } = contractSettings(process.env);
if (gatewayUrl === undefined) throw new Error("GATEWAY_URL is not set.");

const view = { withBackend: backendUrl !== undefined, abilities };
describeGatewayContract(gatewayUrl, view, () => ({
  url: gatewayUrl,
  backend: backendUrl === undefined ? undefined : { address: backendUrl, token: backendToken },
}));
