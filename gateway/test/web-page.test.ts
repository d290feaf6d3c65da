import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import os from "node:os";
import path from "node:path";
import compression from "compression";
import express from "express";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type HttpServer, listenHttp } from "../src/http.js";
import { pageRoutes, securityHeaders } from "../src/web/page.js";

let root: string;
let server: HttpServer;
beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "amp-page-"));
  const app = express().use(securityHeaders, compression(), pageRoutes("/apps/web-chat", root));
  server = await listenHttp(app, { host: "127.0.0.1", port: 0 }, { setting: "X", grace: 1_000 });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(root, { recursive: true });
});

const get = (url: string) => fetch(`${server.url}${url}`, { redirect: "manual" });

/** fetch asks for everything anew when it is given a condition. */
async function statusOf(url: string, headers: Record<string, string>) {
  const [response] = (await once(
    request(`${server.url}${url}`, { headers }).end(),
    "response",
  )) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

test("before it is built, that is what it says", async () => {
  for (const url of ["/", "/apps/web-chat/"]) {
    const response = await get(url);
    expect(response.status).toBe(500);
    expect(await response.text()).toContain("npm run build");
  }
});

test("is at both places, revalidated; its assets are kept for good", async () => {
  const page = "<!doctype html><title>Amplifier</title>";
  await mkdir(path.join(root, "assets"));
  await writeFile(path.join(root, "index.html"), page);
  await writeFile(path.join(root, "icon.svg"), "<svg/>");
  await writeFile(path.join(root, "assets/app-1a2b.js"), `"${"x".repeat(5_000)}"`);

  for (const url of ["/", "/apps/web-chat/"]) {
    const response = await get(url);
    expect(await response.text()).toBe(page);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-cache");
    expect(response.headers.get("content-security-policy")).toContain("script-src 'self'");
    const etag = response.headers.get("etag") ?? "";
    expect(await statusOf(url, { "if-none-match": etag })).toBe(304);
  }
  const bare = await get("/apps/web-chat");
  expect([bare.status, bare.headers.get("location")]).toEqual([308, "/apps/web-chat/"]);

  const asset = await get("/apps/web-chat/assets/app-1a2b.js");
  expect(asset.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
  expect(asset.headers.get("content-encoding")).not.toBeNull();
  expect((await get("/apps/web-chat/icon.svg")).headers.get("content-type")).toBe("image/svg+xml");
  for (const missing of ["assets/app-3c4d.js", "assets/", "../package.json", "%2e%2e/x"]) {
    expect((await get(`/apps/web-chat/${missing}`)).status).toBe(404);
  }
});
