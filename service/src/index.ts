/** The frame of a service, identical on purpose in both: its settings, the ordered release of what it holds, and what nobody caught. */
export { unsafeNodeWarning } from "./node-release.js";
export { Releases } from "./releases.js";
export {
  type Environment,
  isLoopback,
  type ListenAddress,
  SettingError,
  Settings,
} from "./settings.js";
export { checkTls, readSettingFile } from "./tls.js";
export { type FaultLogger, logUnhandled } from "./unhandled.js";
export {
  type UnknownVariable,
  unknownVariables,
  unknownVariableWarning,
  VARIABLES,
} from "./variables.js";
