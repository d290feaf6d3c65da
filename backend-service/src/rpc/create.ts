import { randomUUID } from "node:crypto";
import path from "node:path";
import type { CreateRequest, CreateResponse } from "@amp/proto";
import { InvalidField } from "../sessions/errors.js";
import { resolveWorkingDir } from "../sessions/working-dir.js";
import { createSession, findCreated } from "../store/sessions.js";
import type { RpcContext } from "./context.js";
import { field } from "./fields.js";
import { unary } from "./handler.js";
import { sessionMessage } from "./wire.js";

export const create = (context: RpcContext) =>
  unary<CreateRequest, CreateResponse>(context, async (request) => {
    const { pool, registry, workspaceRoots } = context;
    const agent = field.agent(request.agent) || registry.defaultAgent;
    const wantedDir = field.workingDir(request.workingDir);
    const description = field.description(request.description);
    const origin = field.origin(request.origin);
    const requestId = field.requestId(request.requestId) || undefined;
    // A repeat answers the same, whatever became of the folder or the agent meanwhile.
    const earlier = requestId && (await findCreated(pool, requestId));
    if (earlier) return { session: sessionMessage(earlier) };
    if (!registry.agents.has(agent)) {
      const names = [...registry.agents.keys()].join(", ");
      throw new InvalidField("agent", `is none of the configured agents: ${names}`);
    }
    const workingDir = await resolveWorkingDir(wantedDir, workspaceRoots);
    const session = await createSession(pool, {
      sessionId: randomUUID(),
      agent,
      workingDir,
      project: path.basename(workingDir) || workingDir,
      description,
      origin,
      requestId,
    });
    return { session: sessionMessage(session) };
  });
