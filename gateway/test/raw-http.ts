import { connect } from "node:net";

/** What a server sent before it or the test closed the connection. */
export interface RawResponse {
  status: number;
  text: string;
}

/** Sends bytes as they are, and resolves with the first response; the connection is closed then. */
export function rawRequest(url: string, ...lines: string[]): Promise<RawResponse> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let text = "";
    const finish = () => {
      socket.destroy();
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text });
    };
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? Number.NaN);
      const body = text.split("\r\n\r\n").slice(1).join("\r\n\r\n");
      if (Buffer.byteLength(body) >= length) finish();
    });
    socket.on("end", finish).on("error", reject);
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  });
}
