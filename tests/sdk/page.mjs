// Looks at the sandbox's page as people do: phone and desktop, light and dark, keyboard and mouse.
//
// Arguments: base address, browser, folder for screenshots (none when empty).
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(`${process.env.IGSYNC_NODE_MODULES ?? process.cwd()}/`);
const { chromium } = require("playwright-core");

const [base, program, shots] = process.argv.slice(2);
const executablePath = program.includes("/")
  ? program
  : process.env.PATH.split(":").map((folder) => path.join(folder, program)).find((file) => require("node:fs").existsSync(file));
const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

async function open(width, height, colorScheme, place = "/") {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme, reducedMotion: "reduce" });
  page.problems = [];
  page.on("pageerror", (error) => page.problems.push(String(error)));
  page.on("console", (message) => message.type() === "error" && page.problems.push(message.text()));
  page.on("dialog", (dialog) => { page.problems.push("a dialog"); dialog.dismiss(); });
  page.on("request", (request) => request.url().startsWith(base) || page.problems.push(`foreign: ${request.url()}`));
  await page.goto(base + place, { waitUntil: "load" });
  return page;
}

async function shoot(page, name) {
  await page.waitForTimeout(300);
  if (shots) await page.screenshot({ path: path.join(shots, `${name}.png`) });
}

/** Nothing sticks out sideways, nothing went wrong, nobody took the page over. */
async function sound(page) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wide <= 0, `${wide} pixels too wide`);
  assert.deepEqual(page.problems, []);
  assert.notEqual(await page.title(), "owned");
  assert.equal(await page.locator("script:not([src])").count(), 0);
  assert.equal(await page.locator("[onerror]").count(), 0);
}

for (const [width, height, scheme, name] of [
  [390, 844, "light", "phone"], [1280, 900, "light", "desktop"], [390, 844, "dark", "phone-dark"], [1280, 900, "dark", "desktop-dark"],
]) {
  const page = await open(width, height, scheme);
  assert.equal(await page.locator(".tile").count(), 4);
  assert.equal(await page.locator(".stories a").count(), 1);
  assert.equal(await page.locator(".work li").count(), 2);
  await sound(page);
  await shoot(page, name);

  await page.getByRole("link", { name: /^Carousel of 3/ }).click();
  await page.waitForURL(/_sandbox\/post/);
  const count = page.locator(".count");
  const left = () => page.locator(".strip").evaluate((strip) => Math.round(strip.scrollLeft / strip.clientWidth));
  assert.equal(await count.textContent(), "1 of 3");
  assert.ok(await page.getByRole("button", { name: "Previous item" }).isHidden());
  await page.getByRole("button", { name: "Next item" }).click();
  assert.equal(await count.textContent(), "2 of 3");
  await page.waitForFunction(() => { const s = document.querySelector(".strip"); return Math.round(s.scrollLeft / s.clientWidth) === 1; });
  await shoot(page, `${name}-carousel`);
  await page.getByRole("button", { name: "Next item" }).click();
  assert.equal(await count.textContent(), "3 of 3");
  assert.ok(await page.getByRole("button", { name: "Next item" }).isHidden());
  await page.keyboard.press("ArrowLeft");
  assert.equal(await count.textContent(), "2 of 3");
  await page.waitForTimeout(300);
  assert.equal(await left(), 1);
  assert.ok(await page.getByText("Which one is yours?").isVisible());
  await sound(page);
  await page.keyboard.press("Escape");
  await page.waitForURL(`${base}/`);
  await page.close();
}

// Right to left, with a tag where it was put.
const feed = await open(390, 844, "light");
const rtl = await feed.locator(".tile").nth(2).getAttribute("href");
const hostile = await feed.locator(".tile").nth(3).getAttribute("href");
const reel = await feed.locator(".tile").nth(1).getAttribute("href");
const story = await feed.locator(".stories a").getAttribute("href");
const arabic = await open(390, 844, "light", rtl);
assert.equal(await arabic.locator(".caption").evaluate((caption) => getComputedStyle(caption).direction), "rtl");
assert.equal(await arabic.locator(".pin").textContent(), "<b>harbour</b>");
await sound(arabic);
await shoot(arabic, "rtl");
const evil = await open(1280, 900, "light", hostile);
assert.ok((await evil.locator(".caption").textContent()).includes("<script>"));
await sound(evil);
await shoot(evil, "hostile");
const film = await open(1280, 900, "dark", reel);
await film.waitForFunction(() => document.querySelector("video").readyState > 0);
await film.evaluate(async () => { const video = document.querySelector("video"); video.muted = true; await video.play(); });
await film.waitForFunction(() => document.querySelector("video").currentTime > 0.2);
await sound(film);
await shoot(film, "reel");
const round = await open(390, 844, "dark", story);
await sound(round);
await shoot(round, "story");

// Requests and posts arrive while one looks.
await fetch(`${base}/v26.0/me?fields=nothing`, { headers: { authorization: "Bearer EAA-LONG" } });
await feed.getByText("Tried accessing nonexisting field").first().waitFor();
await fetch(`${base}${story.replace("/_sandbox/post", "/v26.0")}`, { method: "DELETE", headers: { authorization: "Bearer EAA-LONG" } });
await feed.waitForFunction(() => document.querySelectorAll(".stories a").length === 0);
await sound(feed);

// By keyboard alone: skip link, first post, back.
await feed.goto(`${base}/`);
await feed.keyboard.press("Tab");
assert.equal(await feed.evaluate(() => document.activeElement.textContent), "Skip to the posts");
await feed.keyboard.press("Enter");
for (let n = 0; n < 8 && !(await feed.evaluate(() => document.activeElement.classList.contains("tile"))); n += 1) await feed.keyboard.press("Tab");
await feed.keyboard.press("Enter");
await feed.waitForURL(/_sandbox\/post/);

await browser.close();
console.log("done");
