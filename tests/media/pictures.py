"""Makes pictures of every kind, and compares what became of them with what Pillow makes of the same files.

    pictures.py make SOURCES PROFILES      writes the pictures; PROFILES holds p3.icc, adobe.icc, press.icc
    pictures.py compare SOURCES RESULTS    fails where a result is another picture than its source
    pictures.py sheet SOURCES RESULTS OUT  a page with both beside each other, for people
"""

import io
import sys
from pathlib import Path

from PIL import Image, ImageChops, ImageCms, ImageDraw, ImageOps, ImageStat

SRGB = ImageCms.createProfile("sRGB")
EXIF_ORIENTATION = 0x0112


def scene(width, height):
    """Smooth colours, a white and a black bar, an arrow that shows what is up, and fine lines."""
    wide = Image.linear_gradient("L").rotate(90).resize((width, height))
    high = Image.linear_gradient("L").resize((width, height))
    picture = Image.merge("RGB", (wide, high, ImageChops.invert(wide)))
    draw = ImageDraw.Draw(picture)
    w, h = width / 10, height / 10
    draw.polygon([(5 * w, h), (7 * w, 4 * h), (3 * w, 4 * h)], fill=(220, 30, 30))
    draw.rectangle([4.5 * w, 4 * h, 5.5 * w, 7 * h], fill=(220, 30, 30))
    draw.rectangle([w, 8 * h, 4 * w, 9 * h], fill="white")
    draw.rectangle([6 * w, 8 * h, 9 * w, 9 * h], fill="black")
    for line in range(0, int(2 * h), 4):
        draw.line([0, line, w, line], fill="black")
    return picture


def with_orientation(picture, orientation):
    """The picture stored so that this orientation shows it upright."""
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
    }
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = orientation
    exif.get_ifd(0x8825)[1] = "N"
    return (picture.transpose(back[orientation]) if orientation > 1 else picture), exif


def ycck(cmyk):
    """The same picture with its inks stored as luma and chroma, as Photoshop does."""
    c, m, y, k = (ImageChops.invert(band) for band in cmyk.split())
    # Adobe stores missing ink: what is luma and chroma there are the bands as they are seen.
    luma = Image.merge("RGB", tuple(ImageChops.invert(band) for band in (c, m, y))).convert("YCbCr").split()
    stored = Image.merge("CMYK", (*(ImageChops.invert(band) for band in luma), ImageChops.invert(k)))
    out = io.BytesIO()
    stored.save(out, "JPEG", quality=95)
    data = bytearray(out.getvalue())
    adobe = data.index(b"Adobe")
    data[adobe + 11] = 2
    return bytes(data)


def make(folder, profiles):
    profile = {name: (profiles / f"{name}.icc").read_bytes() for name in ("p3", "adobe", "press")}
    upright = scene(480, 540)
    upright.save(folder / "plain.png")
    upright.save(folder / "lossy.webp", quality=92)
    upright.save(folder / "lossless.webp", lossless=True)
    upright.convert("L").save(folder / "grey.png")
    upright.convert("L").convert("I;16").point(lambda value: value * 257).save(folder / "grey16.png")
    upright.quantize(64).save(folder / "palette.png")
    upright.convert("1").save(folder / "bits.png")
    clear = upright.convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(clear.size))
    clear.save(folder / "alpha.png")
    clear.save(folder / "alpha.webp", lossless=True)
    upright.quantize(32, dither=Image.Dither.NONE).save(folder / "clear-palette.png", transparency=7)
    for orientation in range(2, 9):
        stored, exif = with_orientation(upright, orientation)
        stored.save(folder / f"turned{orientation}.jpg", quality=95, exif=exif, progressive=orientation % 2 == 0)
    for orientation in (3, 6):
        stored, exif = with_orientation(upright, orientation)
        stored.save(folder / f"turned{orientation}.webp", quality=95, exif=exif)
        stored.save(folder / f"turned{orientation}-png.png", exif=exif)
    inks = upright.convert("CMYK")
    inks.save(folder / "press.jpg", quality=95, icc_profile=profile.pop("press"))
    for name, data in profile.items():
        upright.save(folder / f"{name}.jpg", quality=96, subsampling=0, icc_profile=data)
        upright.save(folder / f"{name}-png.png", icc_profile=data)
        upright.save(folder / f"{name}-webp.webp", lossless=True, icc_profile=data)
    inks.save(folder / "cmyk.jpg", quality=95)
    (folder / "ycck.jpg").write_bytes(ycck(inks))
    scene(1900, 1500).save(folder / "large.jpg", quality=95)
    scene(1481, 1851).save(folder / "rounding.png")
    scene(200, 220).save(folder / "small.png")
    for fit in ("pad", "crop"):
        scene(600, 1070).save(folder / f"{fit}-tall.png")
        scene(1600, 300).save(folder / f"{fit}-panorama.jpg", quality=95)
        scene(40, 900).save(folder / f"{fit}-extreme.png")
    scene(1500, 2700).save(folder / "story-large.png")


def as_seen(path):
    """The source in sRGB, upright, on white: what a careful person would make of it by hand."""
    picture = Image.open(path)
    profile = picture.info.get("icc_profile")
    picture.load()
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I;16"):
        picture = picture.point(lambda value: value / 257).convert("L")
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        clear = picture.convert("RGBA")
        picture = Image.new("RGBA", clear.size, "white")
        picture.alpha_composite(clear)
        picture = picture.convert("RGB")
    if profile and picture.mode in ("RGB", "CMYK"):
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(picture, source, SRGB, outputMode="RGB")
    return picture.convert("RGB")


def expected(source, size):
    picture = as_seen(source)
    name = source.name
    if name.startswith("crop-"):
        return ImageOps.fit(picture, size, Image.Resampling.BICUBIC)
    if name.startswith("pad-"):
        return ImageOps.pad(picture, size, Image.Resampling.BICUBIC, color="white")
    return picture.resize(size, Image.Resampling.BICUBIC)


def compare(sources, results):
    wrong = []
    for source in sorted(sources.iterdir()):
        result = Image.open(results / f"{source.stem}.jpg")
        result.load()
        facts = (result.format, result.mode, "progressive" in result.info, "icc_profile" in result.info, dict(result.getexif()))
        difference = ImageChops.difference(result, expected(source, result.size))
        mean = max(ImageStat.Stat(difference).mean)
        # Fine lines and edges differ by a pixel's share; the rest must be the same picture.
        far = sum(difference.convert("L").histogram()[40:]) / (result.width * result.height)
        print(f"{source.name:22} {result.width:5} x {result.height:<5} mean {mean:5.2f}  far off {far:6.2%}")
        if facts != ("JPEG", "RGB", False, False, {}) or mean > 3 or far > 0.01:
            wrong.append(f"{source.name}: {facts}, mean {mean:.2f}, far off {far:.2%}")
    sys.exit("\n".join(wrong) or 0)


def sheet(sources, results, out):
    names = sorted(sources.iterdir())
    page = Image.new("RGB", (6 * 330, (len(names) + 2) // 3 * 190), (90, 90, 90))
    draw = ImageDraw.Draw(page)
    for index, source in enumerate(names):
        x, y = index % 3 * 660, index // 3 * 190
        raw = Image.open(source)
        raw.load()
        for offset, picture in ((0, raw.convert("RGBA").convert("RGB")), (330, Image.open(results / f"{source.stem}.jpg"))):
            small = ImageOps.contain(picture, (320, 165))
            page.paste(small, (x + offset + 5, y + 20))
            draw.text((x + offset + 5, y + 4), f"{source.name if offset == 0 else 'becomes'} {picture.width}x{picture.height}", fill="white")
    page.save(out)


if __name__ == "__main__":
    command, *paths = sys.argv[1:]
    {"make": make, "compare": compare, "sheet": sheet}[command](*map(Path, paths))
