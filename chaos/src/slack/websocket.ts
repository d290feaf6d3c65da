import { createHash } from "node:crypto";
import { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

/** https://www.rfc-editor.org/rfc/rfc6455#section-1.3 */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const OPCODES = { continuation: 0, text: 1, close: 8, ping: 9, pong: 10 } as const;
const NORMAL_CLOSURE = 1_000;

/**
 * The server's end of a WebSocket (RFC 6455), as much of it as Socket Mode
 * needs: whole text messages, pings, the closing handshake, no extensions.
 * Emits `text` for each message and `close` once.
 */
export class WebSocketPeer extends EventEmitter<{ text: [string]; close: [] }> {
  private unread: Buffer;
  private message = "";
  private silent = false;

  private constructor(
    private readonly socket: Duplex,
    head: Buffer,
  ) {
    super();
    this.unread = head;
    socket.on("data", (chunk: Buffer) => {
      if (this.silent) return;
      this.unread = Buffer.concat([this.unread, chunk]);
      this.read();
    });
    socket.on("error", () => {});
    socket.once("end", () => socket.destroy());
    socket.once("close", () => this.emit("close"));
  }

  /** Answers a request to upgrade. */
  static accept({ headers }: IncomingMessage, socket: Duplex, head: Buffer): WebSocketPeer {
    const key = `${headers["sec-websocket-key"]}${GUID}`;
    const accept = createHash("sha1").update(key).digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    return new WebSocketPeer(socket, head);
  }

  send(text: string): void {
    this.write(OPCODES.text, Buffer.from(text));
  }

  ping(): void {
    this.write(OPCODES.ping, Buffer.alloc(0));
  }

  /** Asks the other end to close, which it answers. */
  close(): void {
    const code = Buffer.alloc(2);
    code.writeUInt16BE(NORMAL_CLOSURE);
    this.write(OPCODES.close, code);
  }

  /** From now on it says nothing, whatever it is told, and notices only that the other end breaks it off. */
  goSilent(): void {
    this.silent = true;
  }

  destroy(): void {
    this.socket.destroy();
  }

  private read(): void {
    for (;;) {
      const frame = this.nextFrame();
      if (!frame) return;
      this.take(frame.opcode, frame.payload, frame.isLast);
    }
  }

  private take(opcode: number, payload: Buffer, isLast: boolean): void {
    switch (opcode) {
      case OPCODES.text:
      case OPCODES.continuation:
        this.message += payload.toString();
        if (!isLast) return;
        this.emit("text", this.message);
        this.message = "";
        return;
      case OPCODES.ping:
        this.write(OPCODES.pong, payload);
        return;
      case OPCODES.close:
        this.write(OPCODES.close, payload);
        this.socket.end();
        return;
    }
  }

  /** Takes a whole frame off what was read; each is masked, as those of clients must be. */
  private nextFrame(): { opcode: number; payload: Buffer; isLast: boolean } | undefined {
    const { unread } = this;
    if (unread.length < 2) return undefined;
    const [first = 0, second = 0] = unread;
    const short = second & 0x7f;
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
    const start = 2 + lengthBytes + 4;
    if (unread.length < start) return undefined;
    // No message is longer than six bytes can say.
    const width = Math.min(lengthBytes, 6);
    const length = width > 0 ? unread.readUIntBE(2 + lengthBytes - width, width) : short;
    if (unread.length < start + length) return undefined;
    const mask = unread.subarray(start - 4, start);
    const payload = Buffer.from(unread.subarray(start, start + length));
    for (let at = 0; at < length; at++) payload[at] = (payload[at] ?? 0) ^ (mask[at % 4] ?? 0);
    this.unread = unread.subarray(start + length);
    return { opcode: first & 0x0f, payload, isLast: (first & 0x80) !== 0 };
  }

  private write(opcode: number, payload: Buffer): void {
    if (this.silent || this.socket.destroyed || this.socket.writableEnded) return;
    const { length } = payload;
    const long = length > 0xffff;
    const header = Buffer.alloc(length < 126 ? 2 : long ? 10 : 4);
    header[0] = 0x80 | opcode;
    header[1] = length < 126 ? length : long ? 127 : 126;
    if (long) header.writeUIntBE(length, 4, 6);
    else if (length >= 126) header.writeUInt16BE(length, 2);
    this.socket.write(Buffer.concat([header, payload]));
  }
}
