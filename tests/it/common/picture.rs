//! PNG files, read back.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// Colours, row by row.
#[derive(Debug, PartialEq)]
pub struct Picture {
    width: u32,
    colours: Vec<[u8; 3]>,
}

impl Picture {
    pub fn read(path: &Path) -> Self {
        let file = BufReader::new(File::open(path).unwrap());
        let mut reader = png::Decoder::new(file).read_info().unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        let frame = reader.next_frame(&mut bytes).unwrap();
        assert_eq!(frame.bit_depth, png::BitDepth::Eight);
        let colours = match frame.color_type {
            png::ColorType::Rgb => bytes
                .chunks_exact(3)
                .map(|c| c.try_into().unwrap())
                .collect(),
            png::ColorType::Grayscale => bytes.iter().map(|&grey| [grey; 3]).collect(),
            other => panic!("{}: {other:?}", path.display()),
        };
        Self {
            width: frame.width,
            colours,
        }
    }

    /// Width and height.
    pub fn dimensions(&self) -> (u32, u32) {
        (self.width, self.colours.len() as u32 / self.width)
    }

    pub fn pixel(&self, x: u32, y: u32) -> [u8; 3] {
        assert!(x < self.width);
        self.colours[(y * self.width + x) as usize]
    }

    /// Every pixel with its place.
    pub fn pixels(&self) -> impl Iterator<Item = (u32, u32, [u8; 3])> {
        let place = |index| (index as u32 % self.width, index as u32 / self.width);
        self.colours.iter().enumerate().map(move |(index, colour)| {
            let (x, y) = place(index);
            (x, y, *colour)
        })
    }
}
