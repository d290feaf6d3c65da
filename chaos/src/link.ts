import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../stack/src/ports.js";

/**
 * The connection from one part to another, as a TCP proxy:
 * - *refused*: those there are go on, new ones are refused;
 * - *cut*: all are broken, new ones are refused;
 * - *mute*: nothing passes in either direction, the end of a connection neither,
 *   as when a cable is pulled; what was sent meanwhile comes late;
 * - *slow*: everything comes late.
 */
export class Link implements AsyncDisposable {
  private readonly sockets = new Set<Socket>();
  private readonly far = new Set<Socket>();
  private latency = 0;
  private muted: Promise<void> | undefined;
  private unmute = () => {};
  private server: Server | undefined;

  private constructor(
    /** The part that opens the connections. */
    readonly from: string,
    readonly to: string,
    /** Of the near side. */
    readonly port: number,
    private readonly target: number,
  ) {}

  static async open(from: string, to: string, target: number): Promise<Link> {
    const link = new Link(from, to, await freePort(), target);
    await link.listen();
    return link;
  }

  get name(): string {
    return `${this.from} to ${this.to}`;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** The ports by which the open connections reach the far side. */
  get farPorts(): number[] {
    return [...this.far].flatMap(({ localPort }) => localPort ?? []);
  }

  refuse(): void {
    this.server?.close();
    this.server = undefined;
  }

  cut(): void {
    this.refuse();
    this.drop();
  }

  mute(): void {
    this.muted = new Promise((resolve) => {
      this.unmute = resolve;
    });
  }

  slow(latency: number): void {
    this.latency = latency;
  }

  /** Works again. */
  async restore(): Promise<void> {
    this.latency = 0;
    this.muted = undefined;
    this.unmute();
    if (!this.server) await this.listen();
  }

  private async listen(): Promise<void> {
    const server = createServer((near) => this.join(near));
    server.listen(this.port, "127.0.0.1");
    await once(server, "listening");
    this.server = server;
  }

  private join(near: Socket): void {
    const far = connect(this.target, "127.0.0.1");
    this.far.add(far);
    far.once("close", () => this.far.delete(far));
    this.forward(near, far);
    this.forward(far, near);
  }

  private forward(from: Socket, to: Socket): void {
    this.sockets.add(from);
    from.setNoDelay(true);
    let last = Promise.resolve();
    const inOrder = (step: () => void) => {
      last = last.then(() => this.passage()).then(step);
    };
    from.on("data", (chunk) => {
      from.pause();
      inOrder(() => {
        if (to.destroyed || to.write(chunk)) from.resume();
        else to.once("drain", () => from.resume());
      });
    });
    from.on("error", () => {});
    from.on("close", (broken) => {
      this.sockets.delete(from);
      inOrder(() => void (broken ? to.destroy() : to.destroySoon()));
    });
  }

  private async passage(): Promise<void> {
    await this.muted;
    if (this.latency > 0) await delay(this.latency);
  }

  private drop(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.unmute();
    this.cut();
  }
}
