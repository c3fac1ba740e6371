"""Reads a calendar of `igsync preview` as other programs do. a.ics is the calendar, expected has `key local-time` lines."""

import datetime
import pathlib
import zoneinfo

import icalendar

calendar = icalendar.Calendar.from_ical(pathlib.Path("a.ics").read_bytes())
assert str(calendar["VERSION"]) == "2.0"
events = [part for part in calendar.walk() if part.name == "VEVENT"]
assert all(not event.errors for event in events), [event.errors for event in events]
berlin = zoneinfo.ZoneInfo("Europe/Berlin")

found = set()
for event in events:
    start, end = event.decoded("DTSTART"), event.decoded("DTEND")
    assert end > start
    key = str(event["DESCRIPTION"]).rsplit(" posts/", 2)[-2].rstrip(",").split(",")[0]
    if isinstance(start, datetime.datetime):
        assert start.utcoffset() == datetime.timedelta(0)
        found.add(f"{key} {start.astimezone(berlin):%Y-%m-%dT%H:%M}")
    else:
        assert end - start == datetime.timedelta(days=1)
        found.add(f"{key} {start:%Y-%m-%d}")
    assert event.decoded("DTSTAMP") == datetime.datetime(2026, 10, 20, 9, tzinfo=datetime.timezone.utc)
    if key != "story":
        # Every character of the caption arrives, and none of it is a line of the calendar.
        assert "Grüße; one, two \\ three: ☕☕\nEND:VEVENT\nlong long" in str(event["DESCRIPTION"]), event["DESCRIPTION"]

expected = set(pathlib.Path("expected").read_text().split("\n")) - {""}
assert found == expected, (found - expected, expected - found)
assert len({str(event["UID"]) for event in events}) == len(events) == len(expected)
print("done")
