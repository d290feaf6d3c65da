/** Whose notes those of the web chat with WEB_AUTH=local are. */
export const LOCAL_PERSON = "local";
