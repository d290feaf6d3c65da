import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { connectSessions, type SessionClient } from "@amp/proto";
import { freePort } from "../../stack/src/ports.js";
import { Database } from "./database.js";
import { Link } from "./link.js";
import type { Options } from "./options.js";
import type { Random } from "./random.js";
import type { Targets } from "./schedule.js";
import { PROGRAMS, Service } from "./service.js";
import { httpDoor, socketDoor } from "./slack/doors.js";
import type { Door } from "./slack/envelope.js";
import { APP, BOT, SIGNING_SECRET } from "./slack/identity.js";
import { SlackPeer } from "./slack/peer.js";

/** How long a service may take to end its work when asked to stop. */
const SHUTDOWN_GRACE = "10s";

const TO_DATABASE = " to postgres";

interface Build {
  /** The version that everything is started from. */
  root: string;
  /** More settings for all services. */
  settings: Record<string, string>;
}

/** What a system is made of. */
export type SystemOptions = Pick<Options, "backends" | "gateways" | "sockets"> & Build;

/** Everything that a run consists of; between any two parts there is a link. */
export class System implements AsyncDisposable {
  private readonly services = new Map<string, Service>();
  private readonly links = new Map<string, Link>();
  /** Where users reach the gateways. */
  readonly webUrls: string[] = [];
  /** Where Slack reaches those that do not use Socket Mode. */
  private readonly slackUrls: string[] = [];
  /** What no fault can explain, as it was noticed. */
  readonly complaints: string[] = [];
  private backendAddresses: string[] = [];

  private constructor(
    readonly database: Database,
    readonly slack: SlackPeer,
    /** Holds what the parts logged. */
    readonly logDir: string,
    private readonly build: Build,
  ) {}

  /** Starts everything; it takes requests when this resolves. */
  static async start(options: SystemOptions): Promise<System> {
    const { backends, gateways, sockets, root, settings } = options;
    const logDir = await mkdtemp(path.join(os.tmpdir(), "amp-chaos-logs-"));
    const database = await Database.start(path.join(logDir, "postgres.log"));
    const slack = await SlackPeer.start();
    const system = new System(database, slack, logDir, { root, settings });
    const ports: number[] = [];
    for (let number = 1; number <= backends; number++) {
      const agent = number === backends && backends > 1 ? "acting" : "demo";
      ports.push(await system.addBackend(`backend-${number}`, agent, backends > 1));
    }
    system.backendAddresses = ports.map((port) => `127.0.0.1:${port}`);
    for (let number = 1; number <= gateways; number++) {
      await system.addGateway(`gateway-${number}`, ports, number <= sockets);
    }
    for (const service of system.services.values()) service.start();
    for (const service of system.services.values()) await service.ready();
    return system;
  }

  /** Sessions that are begun by way of it, and that name no agent, get this one. */
  private async addBackend(name: string, agent: string, hasPeers: boolean): Promise<number> {
    const port = await freePort();
    const env = {
      BACKEND_LISTEN: `127.0.0.1:${port}`,
      WORKSPACE_ROOTS: this.logDir,
      DEFAULT_AGENT: agent,
      CHAOS_ACTS: this.actsFile,
      ...(hasPeers && { BACKEND_ADVERTISE: (await this.addLink("replicas", name, port)).address }),
    };
    await this.addService(name, "backend-service", port, env);
    return port;
  }

  private async addGateway(name: string, backendPorts: number[], bySocket: boolean): Promise<void> {
    const port = await freePort();
    const backends: string[] = [];
    for (const [index, backendPort] of backendPorts.entries()) {
      backends.push((await this.addLink(name, `backend-${index + 1}`, backendPort)).address);
    }
    const slack = await this.addLink(name, "slack", this.slack.port);
    await this.addService(name, "gateway", port, {
      GATEWAY_LISTEN: `127.0.0.1:${port}`,
      BACKEND_URL: `ipv4:${backends.join(",")}`,
      SLACK_BOT_TOKEN: BOT.token,
      ...(bySocket ? { SLACK_APP_TOKEN: APP.token } : { SLACK_SIGNING_SECRET: SIGNING_SECRET }),
      SLACK_API_URL: `http://${slack.address}/api/`,
      SLACK_MAX_SESSIONS_PER_USER: "1000",
    });
    this.webUrls.push(`http://${(await this.addLink("users", name, port)).address}`);
    if (bySocket) return;
    this.slackUrls.push(`http://${(await this.addLink("slack", name, port)).address}`);
  }

  private async addService(
    name: string,
    folder: "backend-service" | "gateway",
    port: number,
    env: Record<string, string>,
  ): Promise<void> {
    const postgres = await this.addLink(name, "postgres", this.database.port);
    const service = new Service({
      name,
      main: PROGRAMS[folder],
      root: this.build.root,
      port,
      env: {
        ...this.build.settings,
        ...env,
        DATABASE_URL: this.database.urlAt(postgres.port),
        SHUTDOWN_GRACE,
        CHAOS_CLOCK: this.clockFile(name),
      },
      logFile: path.join(this.logDir, `${name}.log`),
      onCrash: (how) => this.complain(how),
    });
    this.services.set(name, service);
  }

  private async addLink(from: string, to: string, port: number): Promise<Link> {
    const link = await Link.open(from, to, port);
    this.links.set(link.name, link);
    return link;
  }

  /** What faults may befall. */
  get targets(): Targets {
    const services = [...this.services.keys()];
    const gateways = services.filter((name) => name.startsWith("gateway"));
    return {
      service: services,
      gateway: gateways,
      link: [...this.links.keys()],
      databaseLink: gateways.map((name) => this.databaseLink(name).name),
      database: ["postgres"],
      slack: ["slack"],
      sockets: this.slackUrls.length < this.webUrls.length ? ["sockets"] : [],
    };
  }

  /** Slack's ways in: one for each gateway that it calls over HTTP, and one for all its sockets. */
  slackDoors(random: Random): Door[] {
    const http = this.slackUrls.map(httpDoor);
    const bySocket = this.webUrls.length > http.length;
    return bySocket ? [...http, socketDoor(this.slack.sockets, random)] : http;
  }

  service(name: string): Service {
    return known(this.services.get(name), name);
  }

  allServices(): Service[] {
    return [...this.services.values()];
  }

  /** How a service reaches the database. */
  databaseLink(service: string): Link {
    return this.link(`${service}${TO_DATABASE}`);
  }

  link(name: string): Link {
    return known(this.links.get(name), name);
  }

  /** The gateway that reaches Slack at this address. */
  gatewayAt(host: string): string | undefined {
    return [...this.links.values()].find(({ address, to }) => to === "slack" && address === host)
      ?.from;
  }

  /** A client of all backends, which passes no link. */
  connect(): SessionClient {
    return connectSessions(`ipv4:${this.backendAddresses.join(",")}`);
  }

  /** Shifts the wall clock of a service, from the true time. */
  async stepClock(name: string, step: number): Promise<void> {
    await writeFile(this.clockFile(name), String(step));
    this.service(name).signal("SIGUSR2");
  }

  complain(text: string): void {
    this.complaints.push(text);
  }

  /** What agents did that may act, one message a line. */
  get actsFile(): string {
    return path.join(this.logDir, "acts");
  }

  private clockFile(name: string): string {
    return path.join(this.logDir, `${name}.clock`);
  }

  /** Forgets what was logged. */
  async dropLogs(): Promise<void> {
    await rm(this.logDir, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const service of this.services.values()) await service[Symbol.asyncDispose]();
    for (const link of this.links.values()) await link[Symbol.asyncDispose]();
    await this.slack[Symbol.asyncDispose]();
    await this.database[Symbol.asyncDispose]();
  }
}

function known<T>(found: T | undefined, name: string): T {
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
}
