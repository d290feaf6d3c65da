import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Router, static as serveStatic } from "express";
import helmet from "helmet";

/** Beside `src/` and `dist/`, whichever of them runs. */
const PAGE = fileURLToPath(new URL("../../page/dist/", import.meta.url));

const NOT_BUILT = `<!doctype html><title>Amp Bridge - Amplifier</title><h1>Amp Bridge</h1>
<p>The page is not built. Run <code>npm run build</code>.</p>`;

/** The page may load only what it was built with, talk only to us, and be framed by nobody. */
export const securityHeaders = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      "default-src": ["'none'"],
      "script-src": ["'self'"],
      "style-src": ["'self'"],
      "img-src": ["'self'", "data:"],
      "font-src": ["'self'"],
      "connect-src": ["'self'"],
      "manifest-src": ["'self'"],
      "base-uri": ["'none'"],
      "form-action": ["'none'"],
      "frame-ancestors": ["'none'"],
      "object-src": ["'none'"],
      "require-trusted-types-for": ["'script'"],
      "trusted-types": ["dompurify"],
    },
  },
  // For whoever terminates TLS to say.
  strictTransportSecurity: false,
});

/** The page at `/` and below its prefix. Built files have their hash in their name, and so never change. */
export function pageRoutes(prefix: string, root = PAGE): Router {
  const router = Router();
  const index = path.join(root, "index.html");
  router.get(["/", `${prefix}/`], (request, response, next) => {
    if (request.path === prefix) return response.redirect(308, `${prefix}/`);
    if (!existsSync(index)) return response.status(500).send(NOT_BUILT);
    response.sendFile(index, { headers: { "Cache-Control": "no-cache" } }, (error) => {
      if (error) next(error);
    });
  });
  const assets = serveStatic(path.join(root, "assets"), {
    immutable: true,
    maxAge: "1y",
    index: false,
  });
  router.use(`${prefix}/assets`, assets);
  router.use(prefix, serveStatic(root, { index: false, redirect: false }));
  return router;
}
