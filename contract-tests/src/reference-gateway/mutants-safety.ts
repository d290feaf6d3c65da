import { answering, asking, type Changes, type GatewayMutant, meets } from "./mutant.js";

const HOST = "under a name that is not this machine's nothing is told and nothing is done";
const STORED = "no answer of the API may be stored";
const READ = "no other site may read an answer, nor is told that it may ask";
const SCRIPTS = "the page runs no script but its own, and is framed by nobody";

/** Hides from the gateway that another site asks. */
function trusting(...routes: string[]): () => Changes {
  return () => ({
    ask(asked) {
      if (routes.some((route) => meets(route, asked))) {
        delete asked.headers["origin"];
        delete asked.headers["sec-fetch-site"];
      }
      return undefined;
    },
  });
}

function headers(change: (headers: Record<string, string>) => void): () => Changes {
  return () => ({ answer: ({ headers: told }) => change(told) });
}

function policy(change: (policy: string) => string): () => Changes {
  return headers((told) => {
    const name = "content-security-policy";
    if (told[name]) told[name] = change(told[name]);
  });
}

/** Mistakes that let other web sites in. */
export const safetyMutants: GatewayMutant[] = [
  ...[
    "POST /session",
    "POST /session/resume",
    "POST /chat",
    "POST /cancel",
    "POST /approval",
    "POST /end",
    "DELETE /memories/mem-001",
  ].map((route) => ({
    flaw: `${route} is open to other sites`,
    noticedBy: `${route} does nothing for a page of another site`,
    changes: trusting(route),
  })),
  {
    flaw: "Sec-Fetch-Site is not looked at",
    noticedBy: "POST /end does nothing for a page of another site",
    changes: asking("POST /end", ({ headers: asked }) => {
      delete asked["sec-fetch-site"];
    }),
  },
  {
    flaw: "the Origin null is let in",
    noticedBy: "POST /end does nothing for a page of another site",
    changes: asking("POST /end", ({ headers: asked }) => {
      if (asked["origin"] === "null") delete asked["origin"];
    }),
  },
  {
    flaw: "another site is refused after the work is done",
    noticedBy: "POST /end does nothing for a page of another site",
    changes: () => ({
      async answer({ status }, { alsoPost }) {
        if (status === 403) await alsoPost("/end", {});
      },
    }),
  },
  {
    flaw: "our own page is refused",
    noticedBy: "our own page, and a program that is no browser, may act",
    changes: asking("POST /cancel", ({ headers: asked }) => {
      if (asked["origin"]) asked["origin"] += ".example";
    }),
  },
  ...["GET", "POST"].map((method) => ({
    flaw: `the Host of a ${method} is not looked at`,
    noticedBy: HOST,
    changes: () =>
      ({
        ask({ method: asked, headers: { origin: _ }, headers: given }) {
          if (asked !== method) return undefined;
          delete given["origin"];
          given["host"] = "localhost";
          return undefined;
        },
      }) satisfies Changes,
  })),
  {
    flaw: "a Host is trusted by its beginning",
    noticedBy: HOST,
    changes: () => ({
      ask({ headers: given }) {
        if (!given["host"]?.startsWith("127.0.0.1.")) return undefined;
        delete given["origin"];
        given["host"] = "127.0.0.1";
        return undefined;
      },
    }),
  },
  {
    flaw: "every site may read the answers",
    noticedBy: READ,
    changes: headers((told) => (told["access-control-allow-origin"] = "*")),
  },
  {
    flaw: "the site that asks may read the answer",
    noticedBy: READ,
    changes: () => ({
      answer({ headers: told }, asked) {
        if (asked.headers["origin"]) told["access-control-allow-origin"] = asked.headers["origin"];
      },
    }),
  },
  {
    flaw: "OPTIONS allows everything",
    noticedBy: READ,
    changes: () => ({
      ask({ method }) {
        if (method !== "OPTIONS") return undefined;
        return { status: 204, headers: { "access-control-allow-methods": "*" }, body: {} };
      },
    }),
  },
  {
    flaw: "answers may be stored",
    noticedBy: STORED,
    changes: headers((told) => delete told["cache-control"]),
  },
  {
    flaw: "the transcript may be stored",
    noticedBy: STORED,
    changes: answering("GET /sessions/*/transcript", ({ headers: told }) => {
      told["cache-control"] = "private, max-age=60";
    }),
  },
  {
    flaw: "the page has no policy",
    noticedBy: SCRIPTS,
    changes: headers((told) => delete told["content-security-policy"]),
  },
  {
    flaw: "the page may run scripts that stand in it",
    noticedBy: SCRIPTS,
    changes: policy((told) => told.replace("script-src", "script-src 'unsafe-inline'")),
  },
  {
    flaw: "the page may run scripts from everywhere",
    noticedBy: SCRIPTS,
    changes: policy((told) => told.replace("script-src", "script-src https:")),
  },
  {
    flaw: "the page may be framed",
    noticedBy: SCRIPTS,
    changes: policy((told) => told.replace("frame-ancestors 'none'", "frame-ancestors *")),
  },
  {
    flaw: "browsers may guess the type of an answer",
    noticedBy: "no browser guesses the type of an answer",
    changes: headers((told) => delete told["x-content-type-options"]),
  },
];
