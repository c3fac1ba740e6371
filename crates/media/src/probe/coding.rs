//! What the configuration of a video decoder says: how colours are stored, and whether there are fields.

use super::be16;
use super::tracks::{Scan, find};

/// What a sample entry states about its pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Coding {
    pub chroma: Option<&'static str>,
    pub scan: Option<Scan>,
}

/// How many samples of colour there are to those of brightness.
pub(super) type Chroma = &'static str;

const CHROMA: [Chroma; 4] = ["4:0:0", "4:2:0", "4:2:2", "4:4:4"];

/// Reads again what was recorded.
pub(super) fn known_chroma<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Chroma>, D::Error> {
    let text = <Option<String> as serde::Deserialize>::deserialize(from)?;
    Ok(text.and_then(|text| CHROMA.into_iter().find(|known| *known == text)))
}

/// Reads the boxes inside a sample entry: the configuration of H.264 (`avcC`) or HEVC (`hvcC`), and what
/// `QuickTime` says about fields (`fiel`), which decides when both speak.
pub(super) fn read(inside: &[u8]) -> Coding {
    let mut coding = hevc(inside).or_else(|| h264(inside)).unwrap_or_default();
    match find(inside, &[b"fiel"]).and_then(<[u8]>::first) {
        Some(1) => coding.scan = Some(Scan::Progressive),
        Some(2) => coding.scan = Some(Scan::Interlaced),
        _ => {}
    }
    coding
}

fn hevc(inside: &[u8]) -> Option<Coding> {
    let config = find(inside, &[b"hvcC"])?;
    let chroma = config.get(16).and_then(|byte| CHROMA.get(usize::from(byte & 3))).copied();
    // The first two of the profile's constraint flags: progressive source, interlaced source.
    let scan = match config.get(6)? >> 6 {
        0b10 => Some(Scan::Progressive),
        0b01 => Some(Scan::Interlaced),
        // Not said, or each picture says for itself.
        _ => None,
    };
    Some(Coding { chroma, scan })
}

fn h264(inside: &[u8]) -> Option<Coding> {
    let config = find(inside, &[b"avcC"])?;
    let profile = *config.get(1)?;
    // One byte counts the parameter sets, two are the length of the first; its first byte is its kind.
    let set = config.get(6..).and_then(|rest| rest.get(2..2 + usize::from(be16(rest))));
    if let Some(coding) = set.filter(|set| set.len() > 4).and_then(|set| parameters(&set[1..])) {
        return Some(coding);
    }
    // Without one the profile speaks for itself.
    let chroma = match profile {
        66 | 77 | 88 | 100 | 110 => Some("4:2:0"),
        122 => Some("4:2:2"),
        244 => Some("4:4:4"),
        _ => None,
    };
    Some(Coding { chroma, scan: None })
}

/// Profiles that may store colours in other ways, and say how.
const HIGH: [u32; 13] = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135];

/// The sequence parameter set of H.264 (7.3.2.1.1) up to the flag that forbids fields.
fn parameters(set: &[u8]) -> Option<Coding> {
    let mut bits = Bits::new(set);
    let profile = bits.fixed(8)?;
    bits.fixed(16)?; // constraints, level
    bits.number()?; // its id
    let mut chroma = 1;
    if HIGH.contains(&profile) {
        chroma = bits.number()?;
        if chroma == 3 {
            bits.fixed(1)?; // planes of their own
        }
        bits.number()?; // depth of brightness
        bits.number()?; // depth of colour
        bits.fixed(1)?; // lossless
        if bits.fixed(1)? == 1 {
            for list in 0..if chroma == 3 { 12 } else { 8 } {
                if bits.fixed(1)? == 1 {
                    skip_scaling(&mut bits, if list < 6 { 16 } else { 64 })?;
                }
            }
        }
    }
    bits.number()?; // frame numbers
    match bits.number()? {
        0 => _ = bits.number()?,
        1 => {
            bits.fixed(1)?;
            bits.number()?;
            bits.number()?;
            for _ in 0..bits.number()?.min(255) {
                bits.number()?;
            }
        }
        _ => {}
    }
    bits.number()?; // reference frames
    bits.fixed(1)?; // gaps
    bits.number()?; // width
    bits.number()?; // height
    let frames_only = bits.fixed(1)? == 1;
    let scan = if frames_only { Scan::Progressive } else { Scan::MayBeInterlaced };
    Some(Coding { chroma: CHROMA.get(chroma as usize).copied(), scan: Some(scan) })
}

fn skip_scaling(bits: &mut Bits<'_>, size: usize) -> Option<()> {
    let (mut last, mut next) = (8_i64, 8_i64);
    for _ in 0..size {
        if next != 0 {
            next = (last + bits.signed()? + 256) % 256;
        }
        if next != 0 {
            last = next;
        }
    }
    Some(())
}

/// Bits of a parameter set, first bit first.
struct Bits<'a> {
    bytes: &'a [u8],
    /// In bits.
    at: usize,
    zeros: usize,
}

impl<'a> Bits<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, zeros: 0 }
    }

    fn bit(&mut self) -> Option<u32> {
        if self.at.is_multiple_of(8) {
            let index = self.at / 8;
            // A 3 behind two zeros only keeps start codes apart.
            if self.zeros >= 2 && self.bytes.get(index) == Some(&3) {
                self.at += 8;
                self.zeros = 0;
            }
            self.zeros = if self.bytes.get(self.at / 8) == Some(&0) { self.zeros + 1 } else { 0 };
        }
        let byte = self.bytes.get(self.at / 8)?;
        let bit = byte >> (7 - self.at % 8) & 1;
        self.at += 1;
        Some(bit.into())
    }

    /// A number of so many bits, 32 at most.
    fn fixed(&mut self, count: u32) -> Option<u32> {
        (0..count).try_fold(0, |sum, _| Some(sum << 1 | self.bit()?))
    }

    /// An Exp-Golomb number: as many zeros in front as bits behind the first one.
    fn number(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while self.bit()? == 0 {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        let rest = self.fixed(zeros)?;
        ((1_u32 << zeros) - 1).checked_add(rest)
    }

    fn signed(&mut self) -> Option<i64> {
        let number = i64::from(self.number()?);
        Some(if number % 2 == 1 { (number + 1) / 2 } else { -number / 2 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_bit_by_bit() {
        // 1 | 010 | 011 | 00100 | 00101, as the standard's table has them.
        let mut bits = Bits::new(&[0b1010_0110, 0b0100_0010, 0b1000_0000]);
        assert_eq!([0, 1, 2, 3, 4].map(|_| bits.number().unwrap()), [0, 1, 2, 3, 4]);
        let mut bits = Bits::new(&[0, 0, 3, 1]);
        assert_eq!(bits.fixed(24), Some(1), "the 3 is not part of the data");
        assert_eq!(Bits::new(&[0; 8]).number(), None);
    }

    /// Made by x264, 1920×1080, once with fields and once without.
    #[test]
    fn parameter_sets_of_a_real_encoder_are_understood() {
        let progressive = [0x64, 0, 0x28, 0xAC, 0xD9, 0x40, 0x78, 0x02, 0x27, 0xE5, 0xC0, 0x44, 0, 0, 3, 0, 4];
        let coding = parameters(&progressive).unwrap();
        assert_eq!(coding, Coding { chroma: Some("4:2:0"), scan: Some(Scan::Progressive) });
        assert_eq!(parameters(&progressive[..6]), None);
    }
}
