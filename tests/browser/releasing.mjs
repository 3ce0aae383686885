// Releases of the tests' own: what a backend's programs send, and a stand-in for the server inside a backend.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { base } from "./site.mjs";

export const project = "influenza-vaccine-uptake";
export const workspace = "vaccine-uptake";
export const checker = "amina-osei";

// A backend of our own; its token is printed when it is made.
function backend(slug, ...more) {
  const command = ["create_backend", slug, "--user", checker, "--rotate", "--quiet", ...more];
  return execFileSync(process.env.PROGRAM, command, { encoding: "utf8" }).trim();
}

const hash = (content) => createHash("sha256").update(content).digest("hex");

// Releases files, `{name: content}`, from a backend of this name; returns the address of the release's page.
export async function release(slug, files) {
  const headers = { Authorization: backend(slug), "OS-User": checker };
  const listed = Object.entries(files).map(([name, content]) => ({
    name,
    url: name,
    size: Buffer.byteLength(content),
    sha256: hash(content),
    date: "2026-03-12T10:00:00+00:00",
    metadata: { tool: "browser-test" },
    review: null,
  }));
  const announced = await fetch(`${base}/api/v2/releases/workspace/${workspace}`, {
    method: "POST",
    headers: { ...headers, "Content-Type": "application/json" },
    body: JSON.stringify({ files: listed, metadata: { tool: "browser-test" }, review: null }),
  });
  assert.equal(announced.status, 201, await announced.clone().text());
  const id = announced.headers.get("Release-Id");
  for (const [name, content] of Object.entries(files)) {
    const sent = await fetch(`${base}/api/v2/releases/release/${id}`, {
      method: "POST",
      headers: {
        ...headers,
        "Content-Type": "application/octet-stream",
        "Content-Disposition": `attachment; filename="${name}"`,
      },
      body: content,
    });
    assert.equal(sent.status, 201, `${name}: ${await sent.clone().text()}`);
  }
  return `/${project}/${workspace}/releases/${id}/`;
}

// Listens, and keeps what it was asked. `answer` gives status, headers and body.
export async function listen(answer) {
  const asked = [];
  let connections = 0;
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const { status = 200, headers = {}, body = "" } = answer(request);
    response.writeHead(status, headers);
    response.end(body);
  });
  server.on("connection", () => (connections += 1));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    asked,
    // Also those on which nothing was asked.
    connections: () => connections,
    origin: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

// A backend whose own server has these files of the workspace; it answers our pages, and only with a token.
export async function inside(slug, files) {
  const server = await listen((request) => {
    const headers = {
      "Access-Control-Allow-Origin": base,
      "Access-Control-Allow-Headers": "authorization",
    };
    if (request.method === "OPTIONS") return { headers };
    if (!/^\{"url": ".*"\}\.[\w-]{43}$/.test(request.headers.authorization ?? "")) return { status: 403, headers };
    const url = `${server.origin}/workspace/${workspace}/current`;
    const path = decodeURI(new URL(request.url, server.origin).pathname);
    if (path === `/workspace/${workspace}/current`) {
      const listed = Object.entries(files).map(([name, content]) => ({
        name,
        id: name,
        url: `${url}/${name}`,
        user: null,
        date: "2026-03-12T10:00:00+00:00",
        sha256: hash(content),
        size: Buffer.byteLength(content),
        is_deleted: false,
        backend: slug,
        metadata: null,
        review: null,
      }));
      return { headers, body: JSON.stringify({ files: listed }) };
    }
    const content = files[path.slice(`/workspace/${workspace}/current/`.length)];
    return content === undefined ? { status: 404, headers } : { headers, body: content };
  });
  backend(slug, "--url", `${server.origin}/`);
  return server;
}

// A file of each kind.
export const files = {
  "output/tables/uptake.csv": `practice,month,"uptake, %",note\n${Array.from(
    { length: 250 },
    (_, n) => `${n * 7},2026-0${(n % 9) + 1},${(n * 37) % 100}.5,${n % 50 ? "" : '"two\nlines"'}`,
  ).join("\n")}\n`,
  "output/tables/summary.tsv": "group\tcount\nA\t10\nB\t<7\n",
  "output/logs/model.log": Array.from({ length: 400 }, (_, n) => `${n} fitted, ${n % 40 ? "ok" : "WARNING slow"}`).join("\n"),
  "output/model.json": JSON.stringify({ model: "cox", terms: [{ name: "age", hr: 1.1 }, { name: "sex", hr: 0.9 }], n: 10 }),
  "output/plots/rates.svg":
    '<svg xmlns="http://www.w3.org/2000/svg" width="480" height="240"><rect width="480" height="240" fill="#eef"/><path d="M20 200 L120 150 L220 170 L320 80 L460 40" fill="none" stroke="#336" stroke-width="4"/></svg>',
  "output/report.html": "<h1 style='color:navy'>Report</h1><p>Rates fell.</p>",
  "output/model.feather": "binary",
};
