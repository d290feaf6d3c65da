import { describeBackendContract } from "./src/backend/register.js";
import { contractSettings } from "./src/settings.js";

const { backendUrl, backendToken, agent, abilities } = contractSettings(process.env);
if (backendUrl === undefined) throw new Error("BACKEND_URL is not set.");

describeBackendContract(backendUrl, { token: backendToken, agent, abilities }, () => backendUrl);
