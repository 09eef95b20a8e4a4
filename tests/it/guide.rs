//! The documents of the package: what a reader without the repository sees of them.

use std::fs;

use crate::common::places::in_repository;

fn read(path: &str) -> String {
    fs::read_to_string(in_repository(path)).unwrap()
}

/// Targets of the inline links of a page, `[text](target)`.
fn links(page: &str) -> Vec<&str> {
    page.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target)
        .collect()
}

const GUIDE: &str = "https://docs.rs/burn-gan/latest/burn_gan/guide/";

/// The package is shown where there is no repository beside it: no link may lead to a file, and rustdoc does not check
/// those of the README.
#[test]
fn the_readme_links_to_pages_that_exist() {
    let (readme, guide) = (read("README.md"), read("src/guide.rs"));
    let mut pages = 0;
    for link in links(&readme) {
        assert!(link.starts_with("https://"), "{link} is a file's path");
        let Some(page) = link.strip_prefix(GUIDE) else {
            continue;
        };
        if page != "index.html" {
            let module = format!("pub mod {} {{}}", page.trim_end_matches("/index.html"));
            assert!(
                guide.contains(&module),
                "{link}: no `{module}` in the guide"
            );
            pages += 1;
        }
    }
    assert!(pages > 3, "the search finds links at all");
}

/// Rustdoc takes a relative link for one beside the page, and does not check it.
#[test]
fn the_guide_links_to_items_and_addresses_only() {
    let guide = read("src/guide.rs");
    let pages: Vec<&str> = guide
        .split("include_str!(\"../")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|path| path.ends_with(".md"))
        .collect();
    assert!(pages.len() > 3, "the search finds pages at all");
    for path in pages {
        let page = read(path);
        for link in links(&page) {
            let known = ["https://", "crate::", "#"];
            let known = known.iter().any(|start| link.starts_with(start));
            assert!(known, "{path}: {link} is a file's path");
        }
    }
}

#[test]
fn the_pictures_of_the_guide_are_the_files() {
    for picture in [
        "docs/digits.png",
        "docs/digits28.png",
        "docs/faces.png",
        "docs/fashion.png",
        "docs/scale.png",
    ] {
        let file = fs::read(in_repository(picture)).unwrap();
        let inlined = read(&format!("{picture}.base64"));
        let same = base64(&file) == inlined;
        assert!(same, "run: base64 -w0 {picture} > {picture}.base64");
    }
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let byte = |place: usize| u32::from(group.get(place).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let index = (bits >> (18 - 6 * digit)) & 63;
            text.push(if digit <= group.len() {
                char::from(DIGITS[index as usize])
            } else {
                '='
            });
        }
    }
    text
}
