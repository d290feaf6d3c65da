import { describeGatewayContract } from "./src/gateway/register.js";
import { contractSettings } from "./src/settings.js";

const { gatewayUrl, backendUrl, backendToken } = contractSettings(process.env);
if (gatewayUrl === undefined) throw new Error("GATEWAY_URL is not set.");

describeGatewayContract(gatewayUrl, { withBackend: backendUrl !== undefined }, () => ({
  url: gatewayUrl,
  backend: backendUrl === undefined ? undefined : { address: backendUrl, token: backendToken },
}));
