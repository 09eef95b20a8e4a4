//! The header of an array file: a Python dictionary of three entries.

/// What a header says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// NumPy's name of the element type; a structured one as it is written.
    pub descr: String,
    /// Whether the first axis is the fastest, in place of the last.
    pub fortran_order: bool,
    pub shape: Vec<usize>,
}

impl Header {
    /// `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`, its entries in any order.
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = Rest(text);
        let (mut descr, mut fortran_order, mut shape) = (None, None, None);
        rest.skip("{")?;
        while rest.skip("}").is_none() {
            let key = rest.string()?;
            rest.skip(":")?;
            match key {
                "descr" => descr = Some(rest.descr()?),
                "fortran_order" => fortran_order = Some(rest.boolean()?),
                "shape" => shape = Some(rest.shape()?),
                _ => return None,
            }
            if rest.skip(",").is_none() {
                rest.skip("}")?;
                break;
            }
        }
        rest.0.trim().is_empty().then_some(())?;
        Some(Self {
            descr: descr?,
            fortran_order: fortran_order?,
            shape: shape?,
        })
    }
}

/// What is not read yet.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn skip(&mut self, token: &str) -> Option<()> {
        self.0 = self.0.trim_start().strip_prefix(token)?;
        Some(())
    }

    /// Text in quotes of either kind, without escapes.
    fn string(&mut self) -> Option<&'a str> {
        let text = self.0.trim_start();
        let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
        let (inside, rest) = text[1..].split_once(quote)?;
        self.0 = rest;
        Some(inside)
    }

    /// A name of a type, or all that is between the brackets of a structured one.
    fn descr(&mut self) -> Option<String> {
        if self.0.trim_start().starts_with(['\'', '"']) {
            return self.string().map(str::to_string);
        }
        let text = self.0.trim_start();
        text.starts_with('[').then_some(())?;
        let mut depth = 0;
        for (at, character) in text.char_indices() {
            match character {
                '[' => depth += 1,
                ']' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                let (inside, rest) = text.split_at(at + 1);
                self.0 = rest;
                return Some(inside.to_string());
            }
        }
        None
    }

    fn boolean(&mut self) -> Option<bool> {
        if self.skip("True").is_some() {
            return Some(true);
        }
        self.skip("False").map(|()| false)
    }

    /// `()`, `(3,)`, `(3, 4)`; Python 2 wrote `3L`.
    fn shape(&mut self) -> Option<Vec<usize>> {
        let mut shape = Vec::new();
        self.skip("(")?;
        while self.skip(")").is_none() {
            let text = self.0.trim_start();
            let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            shape.push(text[..digits].parse().ok()?);
            self.0 = &text[digits..];
            // A letter of an old writer, and no more than one.
            let _ = self.skip("L");
            if self.skip(",").is_none() {
                self.skip(")")?;
                break;
            }
        }
        Some(shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(descr: &str, fortran_order: bool, shape: &[usize]) -> Option<Header> {
        Some(Header {
            descr: descr.to_string(),
            fortran_order,
            shape: shape.to_vec(),
        })
    }

    #[test]
    fn reads_what_writers_write() {
        for (text, expected) in [
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }    \n",
                header("<f4", false, &[3, 4]),
            ),
            (
                "{'descr': '|u1', 'fortran_order': True, 'shape': (7,), }\n",
                header("|u1", true, &[7]),
            ),
            (
                "{'shape': (), \"descr\": \"<i8\", 'fortran_order': False}",
                header("<i8", false, &[]),
            ),
            (
                "{'descr':'>f8','fortran_order':False,'shape':(10L,2L)}",
                header(">f8", false, &[10, 2]),
            ),
            (
                "{'descr': [('a', '<f4'), ('b', '<i4', (2,))], 'fortran_order': False, 'shape': (3,), }",
                header("[('a', '<f4'), ('b', '<i4', (2,))]", false, &[3]),
            ),
        ] {
            assert_eq!(Header::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn refuses_everything_else() {
        let good = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }";
        for length in 0..good.len() {
            assert_eq!(Header::parse(&good[..length]), None, "{length}");
        }
        for text in [
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } more",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (-3, 4), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }",
            "{'descr': '<f4', 'fortran_order': 0, 'shape': (3, 4), }",
            "{'descr': '<f4', 'shape': (3, 4), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), 'more': 1}",
            "{'descr': é, 'fortran_order': False, 'shape': (3, 4)}",
            "{é",
        ] {
            assert_eq!(Header::parse(text), None, "{text}");
        }
    }
}
