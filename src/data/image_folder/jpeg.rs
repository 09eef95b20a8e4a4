//! Whether a JPEG file is whole: decoders fill what is missing with grey.

const START_OF_IMAGE: u8 = 0xd8;
const END_OF_IMAGE: u8 = 0xd9;
const START_OF_SCAN: u8 = 0xda;

/// Whether bytes that begin as a JPEG file reach the end of the image. Bytes after that are allowed.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    let mut at = 0;
    let mut in_scan = false;
    while let Some(&byte) = bytes.get(at) {
        if byte != 0xff {
            // Between segments some writers leave bytes of no meaning.
            at += 1;
            continue;
        }
        match bytes.get(at + 1) {
            None => return false,
            Some(&END_OF_IMAGE) => return true,
            // Fill bytes before a marker.
            Some(&0xff) => at += 1,
            // Within a scan 0xff is followed by a zero where it is a value; restart markers have no length.
            Some(&(0x00 | 0x01 | 0xd0..=0xd7 | START_OF_IMAGE)) => at += 2,
            Some(&marker) => {
                in_scan |= marker == START_OF_SCAN;
                let Some(length) = bytes.get(at + 2..at + 4) else {
                    return false;
                };
                // The length counts its own two bytes.
                at += 2 + usize::from(length[0]) * 256 + usize::from(length[1]);
            }
        }
    }
    // A file without a scan is for the decoder to refuse, in its own words.
    !in_scan
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_thumbnail_is_not_that_of_the_image() {
        // An application segment of 6 bytes that holds an end of image, a scan, a value 0xff, a restart marker.
        let start = [
            0xff, 0xd8, 0xff, 0xe1, 0x00, 0x06, 0xff, 0xd9, 0x00, 0x00, 0xff, 0xda, 0x00, 0x02,
            0x12, 0xff, 0x00, 0x34, 0xff, 0xd0, 0x56,
        ];
        assert!(!is_whole(&start));
        let whole = [start.as_slice(), &[0xff, 0xd9]].concat();
        assert!(is_whole(&whole));
        assert!(is_whole(&[whole.as_slice(), b"more"].concat()));
        for length in 14..whole.len() {
            assert!(!is_whole(&whole[..length]), "{length}");
        }
    }
}
