"""Writes the pictures beside it, with Pillow 13.0. Run by hand; the tests read the files only."""

from PIL import Image

WIDTH, HEIGHT = 6, 4

# 24 colours, each once.
rgb = Image.new("RGB", (WIDTH, HEIGHT))
rgb.putdata([(40 * x, 60 * y, 255 - 10 * (x + y)) for y in range(HEIGHT) for x in range(WIDTH)])
rgb.save("rgb.png")
rgb.save("rgb.bmp")
rgb.save("rgb.webp", lossless=True)
palette = rgb.quantize(24)
assert palette.convert("RGB").tobytes() == rgb.tobytes()
second = Image.new("P", (WIDTH, HEIGHT), 0)
second.putpalette(palette.getpalette())
palette.save("rgb.gif", save_all=True, append_images=[second])

rgba = rgb.copy()
rgba.putalpha(Image.new("L", (WIDTH, HEIGHT)))
rgba.putdata([p[:3] + (85 * (i % 4),) for i, p in enumerate(rgb.getdata())])
rgba.save("rgba.png")
rgba.save("rgba.webp", lossless=True, exact=True)

grey16 = Image.new("I;16", (WIDTH, HEIGHT))
grey16.putdata([257 * 10 * i + (128 if i % 2 else 129) for i in range(WIDTH * HEIGHT)])
grey16.save("grey16.png")

# Four squares of one colour each: what JPEG keeps.
squares = Image.new("RGB", (48, 32))
for box, colour in [
    ((0, 0, 24, 16), (200, 30, 40)),
    ((24, 0, 48, 16), (30, 180, 60)),
    ((0, 16, 24, 32), (20, 50, 210)),
    ((24, 16, 48, 32), (230, 230, 230)),
]:
    squares.paste(colour, box)
options = {"quality": 95, "subsampling": 0}
squares.save("squares.jpg", **options)
squares.save("progressive.jpg", progressive=True, **options)
squares.convert("L").save("grey.jpg", quality=95)
squares.convert("CMYK").save("cmyk.jpg", quality=95)
exif = Image.Exif()
exif[0x0112] = 6
squares.save("turned.jpg", exif=exif, **options)
