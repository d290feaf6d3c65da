/** A setting that is missing or malformed. The message names its variable. */
export class SettingError extends Error {
  override readonly name = "SettingError";
  constructor(
    readonly variable: string,
    problem: string,
  ) {
    super(`${variable} ${problem}`);
  }
}

/** A host and a port to listen on; port 0 is any free one. */
export interface ListenAddress {
  host: string;
  port: number;
}

/** The environment of a process, or a stand-in for it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads typed settings. An empty variable counts as unset. Every method throws SettingError. */
export class Settings {
  constructor(private readonly env: Environment) {}

  optional(variable: string): string | undefined {
    return this.env[variable]?.trim() || undefined;
  }

  required(variable: string, hint: string): string {
    const value = this.optional(variable);
    if (value === undefined) throw new SettingError(variable, `is not set: ${hint}`);
    return value;
  }

  text(variable: string, fallback: string): string {
    return this.optional(variable) ?? fallback;
  }

  /** Values between commas. */
  list(variable: string): string[] {
    const values = this.optional(variable)?.split(",") ?? [];
    return values.map((value) => value.trim()).filter((value) => value !== "");
  }

  oneOf<const Value extends string>(
    variable: string,
    values: readonly Value[],
    fallback: NoInfer<Value>,
  ): Value {
    const text = this.text(variable, fallback);
    const value = values.find((each) => each === text);
    if (value === undefined) {
      throw new SettingError(variable, `must be one of ${values.join(", ")}, not "${text}"`);
    }
    return value;
  }

  flag(variable: string, fallback: boolean): boolean {
    return this.oneOf(variable, ["true", "false"], fallback ? "true" : "false") === "true";
  }

  integer(variable: string, fallback: number, min = 0, max = Number.MAX_SAFE_INTEGER): number {
    const text = this.text(variable, String(fallback));
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new SettingError(
        variable,
        `must be a whole number from ${min} to ${max}, not "${text}"`,
      );
    }
    return value;
  }

  /** Milliseconds, written as `500ms`, `10s`, `5m`, `2h` or `30d`. */
  duration(variable: string, fallback: string): number {
    const text = this.text(variable, fallback);
    const [, amount, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(text) ?? [];
    if (amount === undefined || unit === undefined) {
      throw new SettingError(
        variable,
        `must be a duration such as 500ms, 10s or 30d, not "${text}"`,
      );
    }
    return Number(amount) * (UNITS[unit] ?? Number.NaN);
  }

  /** An `http(s)://` URL; the message does not repeat it, for it may hold a password. */
  httpUrl(variable: string, fallback: string): string {
    const text = this.text(variable, fallback);
    if (protocolOf(text) === "http:" || protocolOf(text) === "https:") return text;
    throw new SettingError(variable, "must be a URL such as https://host/path");
  }

  /** A `postgres://` URL; the message does not repeat it, for it may hold a password. */
  postgresUrl(variable: string, hint: string): string {
    const text = this.required(variable, hint);
    if (protocolOf(text) !== "postgres:" && protocolOf(text) !== "postgresql:") {
      const problem = "must be a URL such as postgres://user:password@host/database";
      throw new SettingError(variable, problem);
    }
    const { pathname, hash, username, password } = new URL(text);
    const decodes = [username, password, pathname].every(isPercentEncoded);
    // A password with one of these letters ends too early, and the rest of it is taken for a path.
    if (hash !== "" || pathname.includes("@") || !decodes) {
      const problem =
        "is ambiguous: write %23 for #, %2F for /, %3F for ?, %40 for @ and %25 for %";
      throw new SettingError(variable, `${problem} in user and password`);
    }
    return text;
  }

  /** A secret that is sent in a header; the message does not repeat it. */
  secret(variable: string): string | undefined {
    const value = this.optional(variable);
    if (value === undefined || /^[!-~]+$/.test(value)) return value;
    throw new SettingError(variable, "must be printable ASCII characters without blanks");
  }

  /** `host:port`, with brackets around an IPv6 host. */
  listen(variable: string, fallback: string): ListenAddress {
    const text = this.text(variable, fallback);
    const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
    const host = bracketed ?? plain;
    const port = Number(digits);
    if (host === undefined || port > 65_535) {
      throw new SettingError(variable, `must be host:port, such as 127.0.0.1:3000, not "${text}"`);
    }
    return { host, port };
  }
}

function protocolOf(text: string): string {
  return URL.canParse(text) ? new URL(text).protocol : "";
}

function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

const UNITS: Record<string, number> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Whether only this machine can reach the address. */
export function isLoopback({ host }: ListenAddress): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
