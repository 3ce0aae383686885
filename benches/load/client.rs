//! One keep-alive HTTP/1.1 connection, with as little work of its own as can be: client, server and
//! database share the machine, and what the client takes the others miss.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// An answer's status and body.
pub struct Answer<'a> {
    pub status: u16,
    pub body: &'a [u8],
}

pub struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    /// `server` is host and port.
    pub fn open(server: &str) -> Result<Self, String> {
        let stream = TcpStream::connect(server).map_err(|error| format!("{server}: {error}"))?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .map_err(|error| error.to_string())?;
        Ok(Self {
            stream,
            read: vec![0; 1 << 16],
        })
    }

    /// Sends `request` and waits for its whole answer.
    pub fn exchange(&mut self, request: &[u8]) -> Result<Answer<'_>, String> {
        self.stream
            .write_all(request)
            .map_err(|error| format!("sending: {error}"))?;
        let mut filled = 0;
        let (status, start, end) = loop {
            filled += self.more(filled)?;
            if let Some(head) = find(&self.read[..filled], b"\r\n\r\n") {
                let (status, length) = parse_head(&self.read[..head])?;
                break (status, head + 4, head + 4 + length);
            }
        };
        while filled < end {
            filled += self.more(filled)?;
        }
        if filled > end {
            return Err(format!("{} bytes after the end of the answer", filled - end));
        }
        Ok(Answer {
            status,
            body: &self.read[start..end],
        })
    }

    fn more(&mut self, filled: usize) -> Result<usize, String> {
        if filled == self.read.len() {
            self.read.resize(filled * 2, 0);
        }
        match self.stream.read(&mut self.read[filled..]) {
            Ok(0) => Err("the server closed the connection".to_owned()),
            Ok(count) => Ok(count),
            Err(error) => Err(format!("receiving: {error}")),
        }
    }
}

/// The status and the length of the body, from a head without its closing empty line.
fn parse_head(head: &[u8]) -> Result<(u16, usize), String> {
    let head = str::from_utf8(head).map_err(|_| "the head is no text".to_owned())?;
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .and_then(|status| status.parse().ok())
        .ok_or_else(|| format!("no status in {head:?}"))?;
    let length = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .ok_or_else(|| format!("no length in {head:?}"))?;
    Ok((status, length))
}

pub fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|part| part == wanted)
}

pub fn count(text: &[u8], wanted: &[u8]) -> usize {
    text.windows(wanted.len()).filter(|part| *part == wanted).count()
}
