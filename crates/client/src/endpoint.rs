//! Where a node is, and what it wants to be shown.

use crate::error::Error;
use reqwest::{
    Url,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use std::{fmt, path::Path};

/// Where a node is, how it knows us, and how often it may be asked.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Endpoint {
    /// `http` or `https`.
    pub url: String,
    /// Name and value of headers that go with each request.
    pub headers: Vec<(String, String)>,
    /// Most requests in a second; what is more waits, or goes to another endpoint.
    pub requests_per_second: Option<u32>,
    /// PEM certificates of authorities that are trusted here beside the public ones.
    pub authorities: Option<Vec<u8>>,
}

impl Endpoint {
    /// A node at this URL that wants no headers and sets no limit.
    pub fn at(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }

    /// The same with the headers of a file: one `Name: value` a line, `#` before a comment.
    ///
    /// # Errors
    /// [`Error::Config`] with the file's name, and the number of the line where one is no header. A value is never told.
    pub fn with_headers_of(self, file: &Path) -> Result<Self, Error> {
        let refuse = |why: String| Error::Config(format!("headers in {}: {why}", file.display()));
        let text = std::fs::read_to_string(file).map_err(|error| refuse(error.to_string()))?;
        Ok(Self { headers: headers(&text).map_err(|(line, why)| refuse(format!("line {line}: {why}")))?, ..self })
    }

    /// Host and port, which is all of a URL that may be shown: the rest may hold a key or a password.
    pub fn host(&self) -> Option<String> {
        host(&Url::parse(&self.url).ok()?)
    }

    pub(crate) fn parsed_url(&self) -> Result<Url, Error> {
        let url = Url::parse(&self.url).map_err(|error| Error::Config(format!("URL: {error}")))?;
        match url.scheme() {
            "http" | "https" => Ok(url),
            scheme => Err(Error::Config(format!("URL: scheme {scheme} is not supported, only http and https"))),
        }
    }

    /// The same over HTTP where it is named by the scheme of a WebSocket, which begins as a request.
    pub(crate) fn over_http(&self) -> Self {
        let url = match self.url.split_once("://") {
            Some(("ws", rest)) => format!("http://{rest}"),
            Some(("wss", rest)) => format!("https://{rest}"),
            _ => self.url.clone(),
        };
        Self { url, ..self.clone() }
    }

    pub(crate) fn header_map(&self) -> Result<HeaderMap, Error> {
        let mut map = HeaderMap::new();
        for (name, value) in &self.headers {
            let (name, value) = header(name, value).map_err(|why| Error::Config(why.to_owned()))?;
            map.append(name, value);
        }
        Ok(map)
    }
}

impl From<&str> for Endpoint {
    fn from(url: &str) -> Self {
        Self::at(url)
    }
}

impl From<&String> for Endpoint {
    fn from(url: &String) -> Self {
        Self::at(url)
    }
}

impl From<String> for Endpoint {
    fn from(url: String) -> Self {
        Self::at(url)
    }
}

/// Neither what a URL has beside its host, nor headers.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("host", &self.host())
            .field("headers", &self.headers.len())
            .field("requests_per_second", &self.requests_per_second)
            .finish_non_exhaustive()
    }
}

pub(crate) fn host(url: &Url) -> Option<String> {
    Some(format!("{}:{}", url.host_str()?, url.port_or_known_default()?))
}

/// The headers of a file's text, or where it is wrong and why.
fn headers(text: &str) -> Result<Vec<(String, String)>, (usize, &'static str)> {
    let mut headers = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let at = |why| (index + 1, why);
        let (name, value) = line.split_once(':').ok_or_else(|| at("not `Name: value`"))?;
        let (name, value) = (name.trim(), value.trim());
        header(name, value).map_err(at)?;
        headers.push((name.to_owned(), value.to_owned()));
    }
    Ok(headers)
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), &'static str> {
    let name = HeaderName::try_from(name).map_err(|_| "not the name of a header")?;
    let mut value = HeaderValue::try_from(value).map_err(|_| "not the value of a header")?;
    value.set_sensitive(true);
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_and_a_line_that_is_none_is_told_by_its_number_only() {
        let text = "# of the provider\nAuthorization: Bearer abc:def\n\n  X-Tenant :  7 \n";
        let expected = [("Authorization", "Bearer abc:def"), ("X-Tenant", "7")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(headers(text).unwrap(), expected);
        for (text, line) in [("secret", 1), ("# a\n\nX Y: 1", 3), ("A: b\nC: d\u{7f}", 2)] {
            assert_eq!(headers(text).unwrap_err().0, line);
        }
        let directory = std::env::temp_dir().join(format!("headers-{}", std::process::id()));
        std::fs::write(&directory, "A: b\nsecret").unwrap();
        let error = Endpoint::at("http://node.example").with_headers_of(&directory).unwrap_err().to_string();
        std::fs::remove_file(&directory).unwrap();
        assert!(error.contains("line 2") && !error.contains("secret"), "{error}");
        assert!(matches!(Endpoint::default().with_headers_of(&directory), Err(Error::Config(_))));
    }

    #[test]
    fn an_endpoint_shows_its_host_and_nothing_secret() {
        let endpoint =
            Endpoint { headers: vec![("Authorization".into(), "token".into())], ..Endpoint::at("https://u:password@node.example/key") };
        let text = format!("{endpoint:?}");
        assert!(
            text.contains("node.example:443") && !text.contains("password") && !text.contains("key") && !text.contains("token"),
            "{text}"
        );
    }
}
