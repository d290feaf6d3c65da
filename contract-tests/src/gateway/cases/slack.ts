import type { Case } from "../../case.js";
import { assertRefused, type GatewaySubject, postText } from "../subject.js";

const JSON_TYPE = "application/json";
const FORM_TYPE = "application/x-www-form-urlencoded";
const CHALLENGE = JSON.stringify({ type: "url_verification", challenge: "c" });
const COMMAND = "command=%2Famp&text=list&user_id=U1&channel_id=C1&team_id=T1";
const ROUTES: [path: string, body: string, type: string][] = [
  ["/slack/events", CHALLENGE, JSON_TYPE],
  ["/apps/slack/events", CHALLENGE, JSON_TYPE],
  ["/slack/events", COMMAND, FORM_TYPE],
  ["/slack/events", "ssl_check=1", FORM_TYPE],
  ["/apps/slack/commands/amp", COMMAND, FORM_TYPE],
  ["/apps/slack/interactive", "payload=%7B%7D", FORM_TYPE],
];

/** Nothing that Slack did not sign gets in. Without Slack the routes are not there. */
export const slackCases: Case<GatewaySubject>[] = [
  {
    name: "every Slack route answers 401 to what is not signed, or all are 404",
    async run(subject) {
      const answers = [];
      for (const [path, body, type] of ROUTES) {
        answers.push(await postText(subject, path, body, type));
      }
      if (answers.every(({ status }) => status === 404)) return;
      for (const answer of answers) assertRefused(answer, 401, "Invalid signature");
    },
  },
];
