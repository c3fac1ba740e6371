//! A picture in memory, upright or on its way to it.

/// Eight-bit sRGB, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pixels {
    pub width: u32,
    pub height: u32,
    /// `width * height * 3` bytes.
    pub rgb: Vec<u8>,
}

impl Pixels {
    /// Turned and mirrored as an EXIF orientation (1 to 8) says.
    pub(super) fn upright(self, orientation: u8) -> Self {
        let (width, height) = (self.width as usize, self.height as usize);
        let (new_width, new_height) = if orientation >= 5 { (height, width) } else { (width, height) };
        // Where the pixel at column x and row y of the result comes from.
        let from: fn(usize, usize, usize, usize) -> (usize, usize) = match orientation {
            2 => |x, y, w, _| (w - 1 - x, y),
            3 => |x, y, w, h| (w - 1 - x, h - 1 - y),
            4 => |x, y, _, h| (x, h - 1 - y),
            5 => |x, y, _, _| (y, x),
            6 => |x, y, _, h| (y, h - 1 - x),
            7 => |x, y, w, h| (w - 1 - y, h - 1 - x),
            8 => |x, y, w, _| (w - 1 - y, x),
            _ => return self,
        };
        let mut rgb = Vec::with_capacity(self.rgb.len());
        for y in 0..new_height {
            for x in 0..new_width {
                let (column, row) = from(x, y, width, height);
                let at = (row * width + column) * 3;
                rgb.extend_from_slice(&self.rgb[at..at + 3]);
            }
        }
        let side = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        Self { width: side(new_width), height: side(new_height), rgb }
    }

    /// The part at left, top, width and height.
    pub(super) fn part(self, (left, top, width, height): (u32, u32, u32, u32)) -> Self {
        if (left, top, width, height) == (0, 0, self.width, self.height) {
            return self;
        }
        let rows = self.rgb.chunks_exact(self.width as usize * 3).skip(top as usize).take(height as usize);
        let (start, end) = (left as usize * 3, (left + width) as usize * 3);
        let mut rgb = Vec::with_capacity(width as usize * height as usize * 3);
        rows.for_each(|row| rgb.extend_from_slice(&row[start..end]));
        Self { width, height, rgb }
    }

    /// In the middle of a white canvas.
    pub(super) fn on_white(self, (width, height): (u32, u32)) -> Self {
        if (width, height) == (self.width, self.height) {
            return self;
        }
        let mut rgb = vec![u8::MAX; width as usize * height as usize * 3];
        let (left, top) = ((width - self.width) as usize / 2, (height - self.height) as usize / 2);
        let rows = rgb.chunks_exact_mut(width as usize * 3).skip(top);
        for (out, row) in rows.zip(self.rgb.chunks_exact(self.width as usize * 3)) {
            out[left * 3..left * 3 + row.len()].copy_from_slice(row);
        }
        Self { width, height, rgb }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two columns, three rows, each pixel with a number of its own.
    fn numbered() -> Pixels {
        Pixels { width: 2, height: 3, rgb: (1..=6).flat_map(|number| [number; 3]).collect() }
    }

    fn numbers(picture: &Pixels) -> Vec<u8> {
        picture.rgb.chunks(3).map(|pixel| pixel[0]).collect()
    }

    #[test]
    fn every_orientation_is_the_one_of_the_exif_standard() {
        // What the standard calls row 0 and column 0, for 1 2 / 3 4 / 5 6.
        let expected: [(u8, (u32, u32), [u8; 6]); 8] = [
            (1, (2, 3), [1, 2, 3, 4, 5, 6]),
            (2, (2, 3), [2, 1, 4, 3, 6, 5]),
            (3, (2, 3), [6, 5, 4, 3, 2, 1]),
            (4, (2, 3), [5, 6, 3, 4, 1, 2]),
            (5, (3, 2), [1, 3, 5, 2, 4, 6]),
            (6, (3, 2), [5, 3, 1, 6, 4, 2]),
            (7, (3, 2), [6, 4, 2, 5, 3, 1]),
            (8, (3, 2), [2, 4, 6, 1, 3, 5]),
        ];
        for (orientation, size, pixels) in expected {
            let turned = numbered().upright(orientation);
            assert_eq!(((turned.width, turned.height), numbers(&turned)), (size, pixels.to_vec()), "{orientation}");
        }
    }

    #[test]
    fn parts_and_margins_lie_where_they_should() {
        assert_eq!(numbers(&numbered().part((1, 1, 1, 2))), [4, 6]);
        let framed = numbered().part((0, 0, 1, 1)).on_white((3, 3));
        assert_eq!(numbers(&framed), [255, 255, 255, 255, 1, 255, 255, 255, 255]);
    }
}
