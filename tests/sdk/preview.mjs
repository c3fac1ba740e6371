// Looks at the page of `igsync preview` as people do: phone, desktop and paper, light and dark, keyboard, and with axe.
//
// Arguments: a page full of hostile texts, the same with harmless ones, browser, folder for screenshots (none when empty).
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.env.IGSYNC_NODE_MODULES ?? process.cwd()}/`);
const { chromium } = require("playwright-core");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const [hostile, harmless, program, shots] = process.argv.slice(2);
const executablePath = program.includes("/")
  ? program
  : process.env.PATH.split(":").map((folder) => path.join(folder, program)).find((file) => fs.existsSync(file));
const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

async function open(file, width, height, colorScheme, media = "screen") {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme, reducedMotion: "reduce" });
  const own = pathToFileURL(file).href;
  page.problems = [];
  page.on("pageerror", (error) => page.problems.push(String(error)));
  page.on("console", (message) => message.type() === "error" && page.problems.push(message.text()));
  page.on("dialog", (dialog) => { page.problems.push("a dialog"); dialog.dismiss(); });
  page.on("request", (request) => request.url() === own || request.url().startsWith("data:") || page.problems.push(`asks for ${request.url()}`));
  await page.emulateMedia({ media, colorScheme });
  await page.goto(own, { waitUntil: "load" });
  return page;
}

/** How many elements of each name there are, and which attributes they have. */
const shape = (page) => page.evaluate(() => {
  const counts = {};
  for (const one of document.querySelectorAll("*")) {
    // Tags and names in texts are marked: how many there are is for the texts to say.
    if (one.matches(".tag, .fold, .rest")) continue;
    const name = `${one.localName}[${one.getAttributeNames().join(" ")}]`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
});

for (const [width, height, scheme, media, name] of [
  [390, 844, "light", "screen", "phone"], [390, 844, "dark", "screen", "phone-dark"],
  [1280, 900, "light", "screen", "desktop"], [1280, 900, "dark", "screen", "desktop-dark"], [794, 1123, "light", "print", "paper"],
]) {
  for (const [file, what] of [[hostile, "hostile"], [harmless, "harmless"]]) {
    const page = await open(file, width, height, scheme, media);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `${name}, ${what}: ${wide} pixels too wide`);
    assert.notEqual(await page.title(), "owned");
    assert.equal(await page.locator("script, iframe, form, object, [onerror], [onload], [style]").count(), 0);
    assert.equal(await page.locator("a:not([href^='#'])").count(), 0, "a link that a lockfile or a text brought");
    assert.ok(await page.evaluate(() => [...document.images].every((image) => image.complete && image.naturalWidth > 0)));
    const found = await page.evaluate(`${axe}; axe.run(document, { preload: false }).then((result) => result.violations.map((one) => one.id + ": " + one.nodes.map((node) => node.html.slice(0, 200) + " " + node.failureSummary).join("\\n")))`);
    assert.deepEqual(found, [], `${name}, ${what}`);
    assert.deepEqual(page.problems, [], `${name}, ${what}`);
    if (shots) await page.screenshot({ path: path.join(shots, `preview-${name}-${what}.png`), fullPage: true });
    await page.close();
  }
}

// Whatever the texts are, the page has the same elements.
{
  const [one, other] = [await open(hostile, 1280, 900, "light"), await open(harmless, 1280, 900, "light")];
  assert.deepEqual(await shape(one), await shape(other));
  assert.ok((await one.locator(".caption").first().textContent()).includes("<script>"));
  await one.close();
  await other.close();
}

const page = await open(harmless, 1280, 900, "light");
// The grid: three columns of 3:4, coming above live.
const tiles = await page.locator("#account-1 .grid .tile").evaluateAll((all) => all.map((one) => {
  const { width, height, top } = one.getBoundingClientRect();
  return { ratio: width / height, top, label: one.getAttribute("aria-label") ?? one.querySelector(".hidden").textContent, sharp: [...one.querySelectorAll("img")].every((image) => image.naturalWidth >= 1.95 * width) };
}));
assert.equal(tiles.length, 7);
assert.ok(tiles.every(({ ratio, sharp }) => Math.abs(ratio - 0.75) < 0.01 && sharp), JSON.stringify(tiles));
assert.equal(new Set(tiles.map(({ top }) => Math.round(top))).size, 3);
assert.match(tiles.at(-1).label, /live since 1 Oct 2026/);
assert.equal(await page.locator("#account-1 .shelf .tall").count(), 2, "a reel off the grid, and a story");
assert.equal(await page.getByText("No alt text").first().isVisible(), true);
assert.ok(await page.getByText("z late", { exact: true }).first().isVisible());
// A tag is where it was put.
const dot = await page.locator(".shot .dot").first().evaluate((one) => {
  const [own, around] = [one.getBoundingClientRect(), one.parentNode.getBoundingClientRect()];
  return [(own.left + own.width / 2 - around.left) / around.width, (own.top + own.height / 2 - around.top) / around.height];
});
assert.ok(Math.abs(dot[0] - 0.25) < 0.02 && Math.abs(dot[1] - 0.75) < 0.02, String(dot));

// One account by a link, all by another, and a tile leads to its card. All of it by keyboard.
const second = page.locator("#account-2");
const first = page.locator("#account-1");
await page.keyboard.press("Tab");
assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the posts");
await page.getByRole("link", { name: "second", exact: true }).focus();
await page.keyboard.press("Enter");
assert.ok(await second.isVisible() && await first.isHidden());
await page.getByRole("link", { name: "All accounts" }).focus();
await page.keyboard.press("Enter");
assert.ok(await second.isVisible() && await first.isVisible());
await first.locator(".grid a.tile").first().focus();
await page.keyboard.press("Enter");
assert.ok(await page.locator(".card:target").isVisible());
assert.deepEqual(page.problems, []);

await browser.close();
console.log("done");
