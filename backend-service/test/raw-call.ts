import { once } from "node:events";
import { connect, constants, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http2";
import { errorDetails } from "@amp/proto";
import { Metadata, status } from "@grpc/grpc-js";

/** A gRPC connection on which a test writes headers and bytes as it likes. */
export interface RawConnection extends Disposable {
  /** One call, answered or broken. `message` is framed, unless it is `frames`. */
  call(method: string, options?: RawCall): Promise<RawAnswer>;
  /** How many calls the server allows at once. */
  maxStreams(): Promise<number | undefined>;
}

export interface RawCall {
  headers?: OutgoingHttpHeaders;
  message?: Buffer;
  /** Sent as they are. */
  frames?: Buffer;
  /** Leaves the request open. */
  unfinished?: boolean;
}

/** What came back; `code` is the status, or how the stream broke. */
export interface RawAnswer {
  code: string;
  reason: string | undefined;
  field: string | undefined;
  text: string;
  /** All headers and trailers, as HTTP/2 counts them. */
  bytes: number;
}

const SERVICE = "/amp.session.v1.SessionService/";

/** Connects to the address. */
export function rawConnection(address: string): RawConnection {
  const session = connect(`http://${address}`);
  session.on("error", () => {});
  return {
    call: (method, options) =>
      call(session, method.startsWith("/") ? method : SERVICE + method, options),
    async maxStreams() {
      if (session.remoteSettings.maxConcurrentStreams === undefined)
        await once(session, "remoteSettings");
      return session.remoteSettings.maxConcurrentStreams;
    },
    [Symbol.dispose]: () => session.destroy(),
  };
}

/** The message with gRPC's prefix. */
export function framed(message: Buffer, compressed = false): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(compressed ? 1 : 0, 0);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

function call(
  session: ReturnType<typeof connect>,
  path: string,
  { headers, message, frames, unfinished }: RawCall = {},
): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const stream = session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    });
    const all: IncomingHttpHeaders = {};
    const finish = () => resolve(answer(all, stream.rstCode));
    stream.on("response", (received) => void Object.assign(all, received));
    stream.on("trailers", (received) => void Object.assign(all, received));
    stream.on("error", () => {});
    // A request that is left open keeps its stream; its answer has come all the same.
    stream.on("end", () => (unfinished ? stream.close(constants.NGHTTP2_CANCEL) : undefined));
    stream.on("close", finish);
    stream.resume();
    stream.write(frames ?? framed(message ?? Buffer.alloc(0)));
    if (!unfinished) stream.end();
  });
}

function answer(headers: IncomingHttpHeaders, rstCode: number | undefined): RawAnswer {
  const code = headers["grpc-status"];
  const metadata = Metadata.fromHttp2Headers(headers);
  const details = errorDetails({ metadata });
  return {
    code: code === undefined ? `broken ${rstCode}` : (status[Number(code)] ?? String(code)),
    reason: details?.reason,
    field: details?.metadata["field"],
    text: decodeURIComponent(String(headers["grpc-message"] ?? "")),
    bytes: Object.entries(headers).reduce(
      (sum, [name, value]) => sum + 32 + name.length + String(value).length,
      0,
    ),
  };
}
