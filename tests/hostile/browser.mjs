// Pages of other origins and rebound host names against a sandbox, in a browser.
//
// Arguments: address of the sandbox, browser, a container that is ready to publish, a file that it hosts.
//
// Every attack also goes to a mirror that answers everybody: what never arrives there proves nothing.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import fs from "node:fs";
import path from "node:path";

const require = createRequire(`${process.env.IGSYNC_NODE_MODULES ?? process.cwd()}/`);
const { chromium } = require("playwright-core");

const [base, program, container, media] = process.argv.slice(2);
const port = new URL(base).port;
const USER = "17841400000000001";

/** A server on loopback: address and what to close. */
async function serve(answer) {
  const server = createServer(answer);
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return { server, port: server.address().port };
}

/** The attacker's own site: an empty page under every name and path. */
const evil = await serve((request, response) => {
  response.setHeader("content-type", "text/html");
  response.end("<!doctype html><title>evil</title><body>");
});

/** Takes everything and lets everybody read it, as the sandbox would if it did not ask. */
const seen = new Set();
const mirror = await serve((request, response) => {
  seen.add(`${request.method} ${request.url}`);
  const origin = request.headers.origin;
  if (origin) response.setHeader("access-control-allow-origin", origin);
  response.setHeader("access-control-allow-headers", "*, content-type, authorization");
  response.setHeader("access-control-allow-methods", "*, PUT, DELETE");
  response.setHeader("content-type", request.url.includes("/media/") ? "image/svg+xml" : request.url.endsWith("events") ? "text/event-stream" : "text/plain");
  response.end(request.url.includes("/media/") ? "<svg xmlns='http://www.w3.org/2000/svg' width='8' height='8'/>" : "secret");
});
mirror.server.on("upgrade", (request, socket) => {
  seen.add(`UPGRADE ${request.url}`);
  socket.destroy();
});

const browser = await chromium.launch({
  executablePath: program.includes("/")
    ? program
    : process.env.PATH.split(":").map((folder) => path.join(folder, program)).find((file) => fs.existsSync(file)),
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-proxy-server", "--disable-features=LocalNetworkAccessChecks",
    "--host-resolver-rules=MAP evil.example 127.0.0.1, MAP rebound.example 127.0.0.1",
  ],
});

/** All that a page could have changed. */
async function state() {
  const read = async (what) => (await fetch(`${base}/_sandbox/${what}`)).json();
  const { now } = await read("clock");
  const state = {};
  for (const what of ["published", "requests", "faults", "switches", "accounts"]) state[what] = await read(what);
  return { state, ahead: Math.abs(Date.parse(now) - Date.now()) };
}

/** Runs in the page: tries everything on `target`, and says what it could read. */
async function attack([target, user, container, media]) {
  const read = [];
  const token = "access_token=IGAA-LONG";
  const within = (promise) => Promise.race([promise, new Promise((late) => setTimeout(late, 20_000))]);
  const tries = [];
  const attempt = (name, work) => tries.push(within((async () => {
    try {
      const got = await work();
      if (got && !String(got).includes("SandboxRefused")) read.push(`${name}: ${String(got).slice(0, 80)}`);
    } catch { /* refused, as it should be */ }
  })()));
  const send = (method, place, body, extra = {}) =>
    fetch(target + place, { method, body, ...extra }).then(async (answer) => answer.type === "opaque" ? "" : answer.ok && `${method} ${place} ${await answer.text()}`);
  const faults = '[{"match":{"path":"media_publish"},"fault":"lose_answer"}]';

  for (const place of ["/", "/_sandbox/published", "/_sandbox/requests", "/_sandbox/live", `/_sandbox/media/${media}`, `/v26.0/${user}/media?${token}`]) {
    attempt("fetch", () => send("GET", place));
    attempt("no-cors", () => send("GET", place, undefined, { mode: "no-cors" }));
  }
  for (const mode of ["cors", "no-cors"]) {
    attempt(mode, () => send("POST", "/_sandbox/faults", faults, { mode }));
    attempt(mode, () => send("POST", "/_sandbox/clock", '{"advance_s":86400}', { mode }));
    attempt(mode, () => send("POST", "/_sandbox/switches", '{"accept_png":true}', { mode }));
    attempt(mode, () => send("POST", "/_sandbox/accounts", `{"user_id":"${user}","state":"restricted"}`, { mode }));
    attempt(mode, () => send("POST", "/_sandbox/tokens", '{"token":"IGAA-LONG","state":"revoked"}', { mode }));
    attempt(mode, () => send("POST", `/v26.0/${user}/media_publish?creation_id=${container}&${token}`, "", { mode }));
    attempt(mode, () => send("POST", `/v26.0/${user}/media?image_url=http://127.0.0.1:9/x.jpg&${token}`, "", { mode }));
    attempt(mode, () => send("POST", "/_sandbox/reset", "", { mode }));
  }
  attempt("json", () => send("POST", "/_sandbox/reset?json", "{}", { headers: { "content-type": "application/json" } }));
  attempt("delete", () => send("DELETE", "/_sandbox/faults"));
  attempt("put", () => send("PUT", "/_sandbox/media/2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881.jpg", "x"));
  attempt("keepalive", () => send("POST", "/_sandbox/reset?keepalive", "", { mode: "no-cors", keepalive: true }));
  attempt("beacon", () => { navigator.sendBeacon(`${target}/_sandbox/reset?beacon`, ""); });
  attempt("events", () => new Promise((done) => {
    const events = new EventSource(`${target}/_sandbox/events`);
    events.onopen = () => done("an event stream");
    events.onerror = () => { events.close(); done(); };
  }));
  attempt("socket", () => new Promise((done) => {
    const socket = new WebSocket(`${target.replace("http", "ws")}/_sandbox/socket`);
    socket.onopen = () => done("a socket");
    socket.onerror = () => done();
  }));
  const element = (tag, attributes) => new Promise((done) => {
    const made = Object.assign(document.createElement(tag), attributes);
    made.onload = () => done(tag === "img" ? made.naturalWidth : `${tag} loaded`);
    made.onerror = () => done();
    document.body.append(made);
  });
  attempt("img", () => element("img", { src: `${target}/_sandbox/media/${media}?img` }));
  attempt("img", () => element("img", { src: `${target}/v26.0/${user}/media?method=post&${token}` }));
  attempt("script", () => element("script", { src: `${target}/_sandbox/face.js` }));
  attempt("style", () => element("link", { rel: "stylesheet", href: `${target}/_sandbox/face.css` }));
  attempt("video", () => new Promise((done) => {
    const video = Object.assign(document.createElement("video"), { src: `${target}/_sandbox/media/${media}?video` });
    video.onloadedmetadata = () => done("a video");
    video.onerror = () => done();
    document.body.append(video);
  }));
  attempt("frame", () => new Promise((done) => {
    const frame = Object.assign(document.createElement("iframe"), { src: `${target}/?frame` });
    frame.onload = () => { try { done(frame.contentDocument?.body.textContent); } catch { done(); } };
    document.body.append(frame);
  }));
  // Forms answer into a frame, so that the page lives on.
  const sink = Object.assign(document.createElement("iframe"), { name: "sink" });
  document.body.append(sink);
  for (const [place, enctype] of [["/_sandbox/reset?form", "text/plain"], [`/v26.0/${user}/media_publish?form&creation_id=${container}&${token}`, "application/x-www-form-urlencoded"], [`/${container}?form`, "multipart/form-data"]]) {
    attempt("form", () => new Promise((done) => {
      const form = Object.assign(document.createElement("form"), { method: "POST", action: target + place, enctype, target: "sink" });
      for (const [name, value] of [["method", "delete"], ["access_token", "IGAA-LONG"]]) {
        form.append(Object.assign(document.createElement("input"), { name, value }));
      }
      document.body.append(form);
      sink.addEventListener("load", () => done(), { once: true });
      form.submit();
    }));
    await tries.at(-1);
  }
  await Promise.all(tries);
  return read;
}

/** A page at some address, with everything tried on `target` from it. */
async function from(address, target, { sandboxed = false } = {}) {
  const page = await browser.newPage();
  await page.goto(address);
  let frame = page.mainFrame();
  if (sandboxed) {
    await page.evaluate(() => {
      document.body.innerHTML = '<iframe sandbox="allow-scripts allow-forms" srcdoc="<!doctype html><body>"></iframe>';
    });
    frame = await (await page.waitForSelector("iframe")).contentFrame();
    await frame.waitForLoadState();
  }
  const read = await frame.evaluate(attack, [target, USER, container, media]);
  await page.close();
  return read;
}

const before = await state();
assert.ok(before.ahead < 60_000);
const unchanged = async (who) => {
  const after = await state();
  assert.deepEqual(after.state, before.state, `${who} changed the sandbox`);
  assert.ok(after.ahead < 60_000, `${who} moved the clock`);
  const health = await fetch(`${base}/v26.0/me?access_token=IGAA-LONG`, { method: "HEAD" });
  assert.equal(health.status, 200, `${who} revoked a token`);
  before.state.requests = (await state()).state.requests;
  const put = await fetch(`${base}/_sandbox/media/2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881.jpg`);
  assert.equal(put.status, 404, `${who} put a file`);
};

// The attacks themselves arrive where nobody asks who sends them.
const arrived = await from(`http://evil.example:${evil.port}/`, `http://127.0.0.1:${mirror.port}`);
for (const what of ["fetch", "img", "script", "frame", "json", "put", "delete"]) {
  if (what !== "frame") assert.ok(arrived.some((line) => line.startsWith(what)), `${what} read nothing from the mirror:\n${arrived.join("\n")}`);
}
for (const what of [
  "POST /_sandbox/faults", "POST /_sandbox/clock", "POST /_sandbox/reset", "POST /_sandbox/reset?beacon", "POST /_sandbox/reset?keepalive",
  "POST /_sandbox/reset?form", `POST /${container}?form`, "POST /_sandbox/reset?json", "DELETE /_sandbox/faults", "GET /_sandbox/events",
  "UPGRADE /_sandbox/socket", "GET /_sandbox/face.js", "GET /_sandbox/face.css", `GET /_sandbox/media/${media}?video`, "GET /?frame",
]) {
  assert.ok(seen.has(what), `${what} never left the browser; seen:\n${[...seen].join("\n")}`);
}

for (const [who, address, options] of [
  ["a page of another site", `http://evil.example:${evil.port}/`],
  ["a page of another port", `http://127.0.0.1:${evil.port}/`],
  ["a page of another port of localhost", `http://localhost:${evil.port}/`],
  ["a page without an origin", `http://evil.example:${evil.port}/`, { sandboxed: true }],
  ["a data: page", "data:text/html,<body>", {}],
]) {
  // The second name is another site to some of the pages, and the same site to others.
  for (const target of [`http://127.0.0.1:${port}`, `http://localhost:${port}`].slice(options ? 1 : 0)) {
    assert.deepEqual(await from(address, target, options), [], `${who} read from ${target}`);
    await unchanged(`${who}, at ${target},`);
  }
}

// A name that leads here after all: the page and the sandbox are one origin to the browser.
for (const name of ["rebound.example", "evil.example"]) {
  const page = await browser.newPage();
  const answer = await page.goto(`http://${name}:${port}/`);
  assert.equal(answer.status(), 403);
  assert.match(await answer.text(), /answers only this machine/);
  await page.close();
  assert.deepEqual(await from(`http://${name}:${port}/`, `http://${name}:${port}`), [], `${name} read something`);
  await unchanged(name);
}

// A window that another site opened shows the page to the person and nothing to the site.
{
  const page = await browser.newPage();
  await page.goto(`http://evil.example:${evil.port}/`);
  const [opened] = await Promise.all([
    page.context().waitForEvent("page"),
    page.evaluate((base) => { window.opened = window.open(`${base}/`); }, base),
  ]);
  await opened.waitForLoadState();
  assert.equal(await opened.title(), "igsync sandbox");
  assert.equal(await opened.evaluate(() => window.opener), null);
  assert.ok(await page.evaluate(() => { try { return window.opened.closed || window.opened.length === 0; } catch { return true; } }));
  await page.close();
  await unchanged("an opener");
}

// The sandbox's own page, under both names, goes on to work.
for (const own of [`http://127.0.0.1:${port}`, `http://localhost:${port}`, `http://instagram.localhost:${port}`]) {
  const page = await browser.newPage();
  await page.goto(`${own}/`);
  assert.equal(await page.title(), "igsync sandbox");
  assert.equal(await page.evaluate(() => fetch("/_sandbox/clock", { method: "POST", body: '{"advance_s":0}' }).then((answer) => answer.status)), 200);
  await page.close();
}

await browser.close();
evil.server.close();
mirror.server.close();
mirror.server.closeAllConnections();
evil.server.closeAllConnections();
console.log("done");
