import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { Client, credentials, Metadata, type MethodDefinition, status } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { service as health } from "grpc-health-check";
import type { Case } from "../../case.js";
import type { BackendSubject } from "../subject.js";

const SERVICE = "amp.session.v1.SessionService";
const METHODS = [
  ...["Create", "Send", "SendStream", "End", "Get"],
  ...["List", "ListTurns", "Watch", "WatchEndings", "Cancel"],
];

/** What every gRPC server of the contract has beside it: health and reflection. */
export const serverCases: Case<BackendSubject>[] = [
  {
    name: "grpc.health.v1 says SERVING, for the server and for the service",
    async run(subject) {
      using server = connect(subject);
      for (const service of ["", SERVICE]) {
        const answer = await server.ask(method(health, "Check"), { service });
        assert.deepEqual(answer, { status: "SERVING" });
      }
    },
  },
  {
    name: "grpc.health.v1 knows no other service: NOT_FOUND",
    async run(subject) {
      using server = connect(subject);
      for (const service of ["no.such.Service", `${SERVICE}s`, "amp.session.v1"]) {
        const call = server.ask(method(health, "Check"), { service });
        await assert.rejects(call, { code: status.NOT_FOUND });
      }
    },
  },
  {
    name: "reflection lists the service and gives descriptors with all its methods",
    async run(subject) {
      using server = connect(subject);
      const info = method(reflectionService(), "ServerReflectionInfo");
      const { listServicesResponse } = await server.ask<ReflectionResponse>(info, {
        listServices: "",
      });
      const services = listServicesResponse?.service.map(({ name }) => name) ?? [];
      assert.ok(services.includes(SERVICE), `reflection lists only ${services.join(", ")}`);
      const { fileDescriptorResponse } = await server.ask<ReflectionResponse>(info, {
        fileContainingSymbol: SERVICE,
      });
      const descriptors = Buffer.concat(fileDescriptorResponse?.fileDescriptorProto ?? []);
      for (const name of METHODS) {
        assert.ok(descriptors.includes(name), `the descriptors do not know ${name}`);
      }
    },
  },
];

/** What is read here of `grpc.reflection.v1.ServerReflectionResponse`. */
interface ReflectionResponse {
  listServicesResponse?: { service: { name: string }[] };
  fileDescriptorResponse?: { fileDescriptorProto: Buffer[] };
}

type Method = MethodDefinition<object, object>;
type ServiceDefinition = Record<string, Method>;

function method(service: ServiceDefinition, name: string): Method {
  const definition = service[name];
  assert.ok(definition);
  return definition;
}

function reflectionService(): ServiceDefinition {
  const file = "@grpc/reflection/build/proto/grpc/reflection/v1/reflection.proto";
  const definitions = loadSync(createRequire(import.meta.url).resolve(file));
  return definitions["grpc.reflection.v1.ServerReflection"] as ServiceDefinition;
}

/** A channel on which any method can be asked for its first answer. */
function connect({ address, token }: BackendSubject) {
  const client = new Client(address, credentials.createInsecure());
  const headers = new Metadata();
  if (token) headers.set("authorization", `Bearer ${token}`);

  async function ask<Answer extends object>(
    { path, requestSerialize, responseDeserialize }: Method,
    request: object,
  ): Promise<Answer> {
    const call = client.makeBidiStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      headers,
      { deadline: Date.now() + 5_000 },
    );
    call.end(request);
    for await (const answer of call) return answer as Answer;
    return assert.fail(`${path} answered nothing`);
  }

  return { ask, [Symbol.dispose]: () => client.close() };
}
