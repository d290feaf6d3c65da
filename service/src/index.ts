/** The frame of a service, identical on purpose in both: its settings, and the ordered release of what it holds. */
export { Releases } from "./releases.js";
export {
  type Environment,
  isLoopback,
  type ListenAddress,
  SettingError,
  Settings,
} from "./settings.js";
export {
  type UnknownVariable,
  unknownVariables,
  unknownVariableWarning,
  VARIABLES,
} from "./variables.js";
