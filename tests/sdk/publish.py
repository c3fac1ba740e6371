"""Publishes through Meta's own SDK for Python; only its base address is another.

Arguments: base address, account, image URL, video URL.
"""

import sys
import time

from facebook_business.adobjects.igmedia import IGMedia
from facebook_business.adobjects.iguser import IGUser
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession

base, account, image, video = sys.argv[1:]
FacebookSession.GRAPH = base


def login(token, secret="fb-app-secret"):
    FacebookAdsApi.init("100000000000001", secret, token, crash_log=False)
    return IGUser(account)


def finished(container):
    """Polls as Meta's guide says, only faster."""
    for _ in range(200):
        state = IGMedia(container).api_get(fields=["status_code", "status"])
        if state["status_code"] != "IN_PROGRESS":
            assert state["status_code"] == "FINISHED", state
            return container
        time.sleep(0.05)
    raise AssertionError(f"{container} is never finished")


def publish(user, **params):
    container = finished(user.create_media(params=params)["id"])
    media = user.create_media_publish(params={"creation_id": container})["id"]
    assert media != container, media
    print("published", media)
    return media


user = login("EAA-LONG")

photo = publish(user, image_url=image, caption="A photo, by the SDK", alt_text="A test picture",
                user_tags=[{"username": "harbour", "x": 0.4, "y": 0.6}])
reel = publish(user, media_type="REELS", video_url=video, caption="A reel", share_to_feed=True, thumb_offset=500)
items = [
    user.create_media(params={"image_url": image, "is_carousel_item": True})["id"],
    user.create_media(params={"media_type": "VIDEO", "video_url": video, "is_carousel_item": True})["id"],
]
for item in items:
    finished(item)
carousel = publish(user, media_type="CAROUSEL", children=items, caption="Both")
# An image is published right after its container was made, as many clients do, and listed right after that.
container = user.create_media(params={"media_type": "STORIES", "image_url": image})["id"]
story = user.create_media_publish(params={"creation_id": container})["id"]
assert [row["id"] for row in user.get_stories()] == [story]
print("published", story)

listed = user.get_media(fields=["id", "caption", "media_type", "media_product_type", "timestamp"], params={"limit": 2})
assert listed.total() == 3, listed.total()
rows = list(listed)  # follows `next`
assert [row["id"] for row in rows] == [carousel, reel, photo], rows
assert [row["media_type"] for row in rows] == ["CAROUSEL_ALBUM", "VIDEO", "IMAGE"], rows
assert [row["id"] for row in user.get_stories()] == [story]
assert len(IGMedia(carousel).get_children(fields=["id", "media_type"])) == 2

limit = user.get_content_publishing_limit(fields=["quota_usage", "config"])[0]
assert (limit["quota_usage"], limit["config"]["quota_total"]) == (4, 50), limit

assert IGMedia(photo).create_comment(params={"message": "first"})["id"]
assert [row["text"] for row in IGMedia(photo).get_comments(fields=["text"])] == ["first"]

batch = FacebookAdsApi.get_default_api().new_batch()
seen = []
IGMedia(photo).api_get(fields=["caption"], batch=batch, success=lambda answer: seen.append(answer.json()["caption"]))
IGMedia("1").api_get(batch=batch, failure=lambda answer: seen.append(answer.error().api_error_code()))
batch.execute()
assert seen == ["A photo, by the SDK", 100], seen

for token, secret, code, subcode in [
    ("EAA-EXPIRED", "fb-app-secret", 190, 463),
    ("EAA-LONG", "not the secret", 100, None),
    ("IGAA-nobody", "ig-app-secret", 190, None),
]:
    try:
        login(token, secret).create_media(params={"image_url": image})
    except FacebookRequestError as error:
        assert (error.api_error_code(), error.api_error_subcode()) == (code, subcode), error
    else:
        raise AssertionError(f"{token} was let in")

assert IGMedia(story) and login("EAA-LONG") and IGMedia(story).get_api().call("DELETE", (story,)).json()["success"]
print("done")
