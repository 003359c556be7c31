//! The words of a file without what marks them up.

/// In which form a file has its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    /// HTML and its kin.
    Tags,
    /// A manual page's roff.
    Manual,
    /// A compiled catalogue of messages (gettext's `.mo`).
    Messages,
}

/// The text, if it is UTF-8.
pub(super) fn text(kind: Kind, bytes: &[u8]) -> Option<String> {
    if kind == Kind::Messages {
        return messages(bytes);
    }
    let text = std::str::from_utf8(bytes).ok()?;
    Some(match kind {
        Kind::Tags => lines(&without_tags(text)),
        Kind::Manual => lines(&without_roff(text)),
        Kind::Plain | Kind::Messages => text.to_owned(),
    })
}

/// Without blank lines, and spaces around lines.
fn lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        out.push_str(line);
        out.push('\n');
    }
    out
}

fn without_tags(mut text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    while let Some(at) = text.find('<') {
        entities(&text[..at], &mut out);
        text = &text[at..];
        let hidden = ["<script", "<style", "<head", "<!--"].iter().zip(["</script>", "</style>", "</head>", "-->"]);
        let mut hidden = hidden.filter(|(start, _)| text.starts_with(**start)).map(|(_, end)| end);
        // `<header` is not `<head`.
        let end = hidden.rfind(|_| !text.starts_with("<header")).unwrap_or(">");
        out.push(' ');
        text = text.find(end).map_or("", |at| &text[at + end.len()..]);
    }
    entities(text, &mut out);
    out
}

fn entities(mut text: &str, out: &mut String) {
    const NAMED: [(&str, &str); 6] = [("amp", "&"), ("lt", "<"), ("gt", ">"), ("quot", "\""), ("apos", "'"), ("nbsp", " ")];
    while let Some(at) = text.find('&') {
        out.push_str(&text[..at]);
        text = &text[at..];
        let name = text[1..].split_once(';').map(|(name, _)| name).filter(|name| name.len() < 9);
        let code = name.and_then(|name| name.strip_prefix('#')).and_then(|code| match code.strip_prefix('x') {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => code.parse().ok(),
        });
        let known = name.and_then(|name| NAMED.iter().find(|(of, _)| *of == name)).map(|(_, text)| (*text).to_owned());
        let Some((name, character)) = name.zip(known.or_else(|| code.and_then(char::from_u32).map(String::from))) else {
            out.push('&');
            text = &text[1..];
            continue;
        };
        out.push_str(&character);
        text = &text[name.len() + 2..];
    }
    out.push_str(text);
}

/// Without requests and the commonest escapes.
fn without_roff(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let line = match line.strip_prefix(['.', '\'']) {
            // A request with words: bold, italic, headings; but not a remark.
            Some(request) => {
                request.split_once(' ').map_or("", |(name, words)| if name.len() <= 2 && !name.starts_with('\\') { words } else { "" })
            }
            None => line,
        };
        let mut rest = line;
        while let Some(at) = rest.find('\\') {
            out.push_str(&rest[..at]);
            let skipped = match rest[at + 1..].chars().next() {
                Some('f') => 3,
                Some('-') => {
                    out.push('-');
                    2
                }
                Some('(') => 4,
                Some(other) => 1 + other.len_utf8(),
                None => 1,
            };
            rest = &rest[rest.ceil_char_boundary((at + skipped).min(rest.len()))..];
        }
        out.push_str(rest);
        out.push('\n');
    }
    out
}

/// The translations of a catalogue, each on a line.
fn messages(bytes: &[u8]) -> Option<String> {
    let word = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?) as usize);
    if word(0)? != 0x9504_12DE {
        return None;
    }
    let (count, table) = (word(8)?, word(16)?);
    let mut out = String::new();
    // The first is the catalogue's own description.
    for at in 1..count {
        let (length, from) = (word(table + 8 * at)?, word(table + 8 * at + 4)?);
        let message = std::str::from_utf8(bytes.get(from..from + length)?).ok()?;
        out.push_str(message.split('\0').next().unwrap_or_default());
        out.push('\n');
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: Kind, text: &str) -> String {
        super::text(kind, text.as_bytes()).unwrap_or_default()
    }

    #[test]
    fn tags_and_what_nobody_reads_go_and_entities_are_characters() {
        let page = "<head><title>t</title></head><body>\n<h1>One &amp; two</h1><script>if (a < b) {}</script> three &#x4e2d;&#233;&unknown; & four<!-- <p> no -->";
        assert_eq!(of(Kind::Tags, page), "One & two   three 中é&unknown; & four\n");
        assert_eq!(of(Kind::Tags, "a <unclosed"), "a\n");
    }

    #[test]
    fn requests_and_escapes_of_a_manual_page_go() {
        assert_eq!(of(Kind::Manual, ".SH NAME\nls \\- list \\fBfiles\\fR\n.PP\n.\\\" a remark\n\\"), "NAME\nls - list files\n");
    }

    #[test]
    fn a_catalogue_gives_its_translations_and_a_damaged_one_nothing() {
        let mut bytes = Vec::new();
        for word in [0x9504_12DE_u32, 0, 2, 28, 28, 0, 0, 2, 44, 4, 46] {
            bytes.extend(word.to_le_bytes());
        }
        bytes.extend(b"xxab\0c");
        assert_eq!(super::text(Kind::Messages, &bytes).as_deref(), Some("ab\n"));
        bytes.pop();
        assert_eq!(super::text(Kind::Messages, &bytes), None);
    }
}
