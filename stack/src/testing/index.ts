/** What tests share: a real PostgreSQL, and databases of their own on it. */
export { type TestDatabase, testDatabase } from "./database.js";
