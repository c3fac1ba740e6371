// Publishes through Meta's own SDK for Node.js; only its base address is another.
//
// Arguments: base address, account, image URL, video URL. IGSYNC_NODE_MODULES names the folder that
// the SDK is installed in.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";

const require = createRequire(`${process.env.IGSYNC_NODE_MODULES ?? process.cwd()}/`);
const { FacebookAdsApi, IGMedia, IGUser } = require("facebook-nodejs-business-sdk");

const [base, account, image, video] = process.argv.slice(2);
Object.defineProperty(FacebookAdsApi, "GRAPH", { get: () => base });

function login(token) {
  FacebookAdsApi.init(token, "en_US", false);
  return new IGUser(account);
}

/** Polls as Meta's guide says, only faster. */
async function finished(container) {
  for (let n = 0; n < 200; n += 1) {
    const state = await new IGMedia(container).read(["status_code", "status"]);
    if (state.status_code !== "IN_PROGRESS") {
      assert.equal(state.status_code, "FINISHED", state.status);
      return container;
    }
    await sleep(50);
  }
  throw new Error(`${container} is never finished`);
}

async function publish(user, params) {
  const container = await finished((await user.createMedia([], params)).id);
  const media = (await user.createMediaPublish([], { creation_id: container })).id;
  assert.notEqual(media, container);
  console.log("published", media);
  return media;
}

const user = login("EAA-LONG");
const photo = await publish(user, {
  image_url: image,
  caption: "A photo, by the SDK",
  user_tags: [{ username: "harbour", x: 0.4, y: 0.6 }],
});
const reel = await publish(user, { media_type: "REELS", video_url: video, caption: "A reel", share_to_feed: true });
const items = [
  (await user.createMedia([], { image_url: image, is_carousel_item: true })).id,
  (await user.createMedia([], { media_type: "VIDEO", video_url: video, is_carousel_item: true })).id,
];
for (const item of items) await finished(item);
const carousel = await publish(user, { media_type: "CAROUSEL", children: items, caption: "Both" });
// An image is published right after its container was made, as many clients do.
const { id: container } = await user.createMedia([], { media_type: "STORIES", image_url: image });
const { id: story } = await user.createMediaPublish([], { creation_id: container });
console.log("published", story);

const listed = await user.getMedia(["id", "caption", "media_type"], { limit: 2, summary: true });
assert.deepEqual(listed.map((row) => row.id), [carousel, reel]);
assert.equal(listed.summary.total_count, 3);
assert.ok(listed.hasNext());
const older = await listed.next();
assert.deepEqual(older.map((row) => row.id), [photo]);
assert.ok(!older.hasNext() && older.hasPrevious());
assert.deepEqual((await older.previous()).map((row) => row.id), [carousel, reel]);
assert.deepEqual((await user.getStories(["id"])).map((row) => row.id), [story]);
assert.equal((await new IGMedia(carousel).getChildren(["id", "media_type"])).length, 2);

const [limit] = await user.getContentPublishingLimit(["quota_usage", "config"]);
assert.deepEqual([limit.quota_usage, limit.config.quota_total], [4, 50]);

const comment = await new IGMedia(photo).createComment([], { message: "first" });
assert.ok(comment.id);

for (const [token, code, subcode] of [["EAA-EXPIRED", 190, 463], ["EAA-READONLY", 10, undefined]]) {
  await assert.rejects(login(token).createMedia([], { image_url: image }), (error) => {
    assert.deepEqual([error.response.code, error.response.error_subcode], [code, subcode], error.message);
    return true;
  });
}
login("EAA-LONG");
assert.equal((await new IGMedia(photo).delete()).success, true);
console.log("done");
