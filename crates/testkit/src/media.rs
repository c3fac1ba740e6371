//! Small media files for tests, written box by box.

/// A video as its boxes describe it; the data are zeros.
#[derive(Clone, Debug)]
pub struct Mp4 {
    pub brand: [u8; 4],
    pub codec: [u8; 4],
    pub width: u16,
    pub height: u16,
    /// 0, 90, 180 or 270.
    pub rotation: u16,
    pub duration_ms: u32,
    pub frames_per_second: u32,
    /// Codec, Hz, channels.
    pub audio: Option<([u8; 4], u32, u16)>,
    pub moov_first: bool,
    /// The start of each edit, in milliseconds.
    pub edits: Vec<i32>,
    /// In bytes.
    pub data: usize,
    /// Boxes of the video's sample entry: `avcC` and the like.
    pub configuration: Vec<u8>,
    /// More boxes for the sample tables of picture and sound.
    pub tables: [Vec<u8>; 2],
}

impl Default for Mp4 {
    fn default() -> Self {
        Self {
            brand: *b"isom",
            codec: *b"avc1",
            width: 720,
            height: 1280,
            rotation: 0,
            duration_ms: 5_000,
            frames_per_second: 30,
            audio: Some((*b"mp4a", 44_100, 2)),
            moov_first: true,
            edits: Vec::new(),
            data: 4_000,
            configuration: Vec::new(),
            tables: [Vec::new(), Vec::new()],
        }
    }
}

impl Mp4 {
    pub fn build(&self) -> Vec<u8> {
        let mut tracks = vec![full(*b"mvhd", &[&[0; 8], &n(1000), &n(self.duration_ms), &[0; 80]])];
        tracks.push(self.video());
        if let Some((codec, rate, channels)) = self.audio {
            tracks.push(self.audio_track(codec, rate, channels));
        }
        let moov = part(*b"moov", &refs(&tracks));
        let data = part(*b"mdat", &[&vec![0; self.data]]);
        let kind = part(*b"ftyp", &[&self.brand, &n(512), &self.brand]);
        if self.moov_first { [kind, moov, data].concat() } else { [kind, data, moov].concat() }
    }

    fn video(&self) -> Vec<u8> {
        let one = 0x1_0000_i32;
        let [a, b, c, d] = match self.rotation {
            90 => [0, one, -one, 0],
            180 => [-one, 0, 0, -one],
            270 => [0, -one, one, 0],
            _ => [one, 0, 0, one],
        };
        let matrix: Vec<u8> =
            [a, b, 0, c, d, 0, 0, 0, 0x4000_0000].iter().flat_map(|cell: &i32| cell.to_be_bytes()).collect();
        let header = full(*b"tkhd", &[&[0; 36], &matrix, &[0; 8]]);
        let entry = part(
            self.codec,
            &[&[0; 24], &self.width.to_be_bytes(), &self.height.to_be_bytes(), &[0; 50], &self.configuration],
        );
        let frames = self.duration_ms * self.frames_per_second / 1000;
        let times = full(*b"stts", &[&n(1), &n(frames), &n(90_000 / self.frames_per_second)]);
        let media = media(*b"vide", 90_000, self.duration_ms * 90, &entry, &[times, self.tables[0].clone()].concat());
        let edits: Vec<u8> = self
            .edits
            .iter()
            .flat_map(|ms| [n(self.duration_ms), (ms * 90).to_be_bytes(), n(0x1_0000)].concat())
            .collect();
        let edits = if self.edits.is_empty() {
            Vec::new()
        } else {
            part(*b"edts", &[&full(*b"elst", &[&n(u32::try_from(self.edits.len()).unwrap()), &edits])])
        };
        part(*b"trak", &[&header, &edits, &media])
    }

    fn audio_track(&self, codec: [u8; 4], rate: u32, channels: u16) -> Vec<u8> {
        let entry = part(
            codec,
            &[
                &[0; 16],
                &channels.to_be_bytes(),
                &[0; 6],
                &n(u16::try_from(rate).map_or(0, |rate| u32::from(rate) << 16)),
            ],
        );
        let times = [full(*b"stts", &[&n(0)]), self.tables[1].clone()].concat();
        part(
            *b"trak",
            &[&full(*b"tkhd", &[&[0; 80]]), &media(*b"soun", rate, self.duration_ms * (rate / 1000), &entry, &times)],
        )
    }
}

fn media(handler: [u8; 4], scale: u32, duration: u32, entry: &[u8], times: &[u8]) -> Vec<u8> {
    let header = full(*b"mdhd", &[&[0; 8], &n(scale), &n(duration), &[0; 4]]);
    let kind = full(*b"hdlr", &[&[0; 4], &handler, &[0; 13]]);
    let table = part(*b"stbl", &[&full(*b"stsd", &[&n(1), entry]), times]);
    part(*b"mdia", &[&header, &kind, &part(*b"minf", &[&table])])
}

/// A box: size, type, content.
pub fn part(kind: [u8; 4], content: &[&[u8]]) -> Vec<u8> {
    let content = content.concat();
    [&n(u32::try_from(content.len() + 8).unwrap())[..], &kind, &content].concat()
}

/// A box with version 0 and no flags.
pub fn full(kind: [u8; 4], content: &[&[u8]]) -> Vec<u8> {
    part(kind, &[&[0; 4], &content.concat()])
}

/// The configuration of H.264 with one parameter set of 720×1280. `chroma`: 1 is 4:2:0, 2 is 4:2:2.
pub fn avc(profile: u8, chroma: u32, frames_only: bool) -> Vec<u8> {
    let number = |value: u32| {
        let binary = format!("{:b}", value + 1);
        "0".repeat(binary.len() - 1) + &binary
    };
    let numbers = |values: &[u32]| values.iter().map(|value| number(*value)).collect::<String>();
    let mut bits = numbers(&[0]);
    if profile >= 100 {
        bits += &(numbers(&[chroma, 0, 0]) + "00");
    }
    bits += &(numbers(&[0, 2, 1]) + "0" + &numbers(&[44, 79]));
    bits += if frames_only { "1" } else { "0" };
    bits += &"1".repeat(8 - bits.len() % 8);
    let packed = (0..bits.len() / 8).map(|at| u8::from_str_radix(&bits[at * 8..at * 8 + 8], 2).unwrap());
    let set: Vec<u8> = [0x67, profile, 0, 31].into_iter().chain(packed).collect();
    let size = u16::try_from(set.len()).unwrap().to_be_bytes();
    part(*b"avcC", &[&[1, profile, 0, 31, 0xFF, 0xE1], &size, &set, &[0]])
}

fn n(number: u32) -> [u8; 4] {
    number.to_be_bytes()
}

fn refs(parts: &[Vec<u8>]) -> Vec<&[u8]> {
    parts.iter().map(Vec::as_slice).collect()
}

/// A JPEG of one colour.
pub fn jpeg(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(width, height, image::Rgb([40, 90, 160]))
        .write_to(&mut bytes, image::ImageFormat::Jpeg)
        .unwrap();
    bytes.into_inner()
}

/// A PNG of one colour.
pub fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(width, height).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// A PNG that says of itself that it moves.
pub fn moving_png() -> Vec<u8> {
    let mut bytes = png(400, 400);
    // Behind the header: the number of frames and of rounds, and the check sum.
    bytes.splice(33..33, *b"\0\0\0\x08acTL\0\0\0\x02\0\0\0\0\xF3\x8D\x93\x70");
    bytes
}

/// Puts an EXIF block with this orientation and, on demand, a GPS section behind the JPEG's start.
pub fn with_exif(jpeg: &[u8], orientation: u8, gps: bool) -> Vec<u8> {
    let entry = |tag: u16, value: u32| {
        let mut bytes = tag.to_le_bytes().to_vec();
        bytes.extend(3_u16.to_le_bytes());
        bytes.extend(1_u32.to_le_bytes());
        bytes.extend(value.to_le_bytes());
        bytes
    };
    let mut block = b"Exif\0\0II\x2a\0\x08\0\0\0".to_vec();
    block.extend((1 + u16::from(gps)).to_le_bytes());
    block.extend(entry(0x0112, orientation.into()));
    if gps {
        block.extend(entry(0x8825, 0));
    }
    block.extend([0; 4]);
    let size = u16::try_from(block.len() + 2).unwrap();
    [&jpeg[..2], &[0xFF, 0xE1], &size.to_be_bytes(), &block, &jpeg[2..]].concat()
}
