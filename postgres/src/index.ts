/** What both services need of Postgres, identical on purpose. */
export { isSlowStatement, isUnavailable, isUniqueViolation } from "./errors.js";
export { type Listener, type ListenOptions, listen } from "./listen.js";
export { errorSerializer } from "./log.js";
export { type MigrateOptions, migrate } from "./migrate.js";
export { openPool, type PoolOptions } from "./pool.js";
export { storable, storableJson } from "./storable.js";
export { type Queryable, transaction } from "./transaction.js";
