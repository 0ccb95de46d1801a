//! Reads one answer of HTTP/1.1 as it comes in pieces, and keeps its status only.

use jiff::Timestamp;

/// More headers than this is no answer of a gateway's.
const HEADERS_MAX: usize = 64;

/// The buffer at first, and the longest head that is read, bytes.
const BUFFER: usize = 2 * 1_024;
const HEAD_MAX: usize = 64 * 1_024;

/// What the bytes so far come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// There is more to come.
    Incomplete,
    /// All of it.
    Complete(Answer),
    /// Nothing that HTTP says.
    Broken,
}

/// A complete answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Whether another order may go over the same connection.
    pub(crate) keeps_open: bool,
}

/// Where the reader is in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Head,
    /// So many bytes of the body are left.
    Counted(u64, Answer),
    /// At the start of a chunk's size.
    ChunkSize(Answer),
    /// In a chunk or the line end after it.
    Chunk(u64, Answer),
    /// In the lines after the last chunk.
    Trailer(Answer),
    /// The body ends with the connection.
    UntilClosed(u16),
}

/// Reads the answers of one connection, one after the other.
pub(crate) struct ResponseReader {
    buffer: Vec<u8>,
    filled: usize,
    place: Place,
    /// What the last head said of the server's clock, if anybody asked.
    date: Option<Timestamp>,
    wants_date: bool,
}

impl ResponseReader {
    pub(crate) fn new() -> Self {
        Self {
            buffer: vec![0; BUFFER],
            filled: 0,
            place: Place::Head,
            date: None,
            wants_date: false,
        }
    }

    /// Begins another answer.
    pub(crate) fn begin(&mut self, wants_date: bool) {
        (self.filled, self.place) = (0, Place::Head);
        (self.date, self.wants_date) = (None, wants_date);
    }

    /// Where the next bytes go.
    pub(crate) fn space(&mut self) -> &mut [u8] {
        if self.filled == self.buffer.len() {
            self.buffer.resize(self.filled * 2, 0);
        }
        &mut self.buffer[self.filled..]
    }

    /// What the server's clock said.
    pub(crate) fn date(&self) -> Option<Timestamp> {
        self.date
    }

    /// The status, if the answer has come so far, of one that ends here.
    pub(crate) fn ended_by_close(&self) -> Option<u16> {
        match self.place {
            Place::Head => None,
            // Cut off after its status: it has said what it says.
            Place::Counted(_, answer)
            | Place::ChunkSize(answer)
            | Place::Chunk(_, answer)
            | Place::Trailer(answer) => Some(answer.status),
            Place::UntilClosed(status) => Some(status),
        }
    }

    /// Takes in `count` more bytes of [`ResponseReader::space`].
    pub(crate) fn advance(&mut self, count: usize) -> Reading {
        self.filled += count;
        loop {
            let step = match self.place {
                Place::Head => self.read_head(),
                Place::Counted(left, answer) => self.skip_counted(left, answer),
                Place::ChunkSize(answer) => self.read_chunk_size(answer),
                Place::Chunk(left, answer) => self.skip_chunk(left, answer),
                Place::Trailer(answer) => self.read_trailer(answer),
                Place::UntilClosed(_) => {
                    self.filled = 0;
                    Some(Reading::Incomplete)
                }
            };
            if let Some(reading) = step {
                return reading;
            }
        }
    }

    fn read_head(&mut self) -> Option<Reading> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut response = httparse::Response::new(&mut headers);
        let length = match response.parse(&self.buffer[..self.filled]) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) if self.filled < HEAD_MAX => {
                return Some(Reading::Incomplete);
            }
            Ok(httparse::Status::Partial) | Err(_) => return Some(Reading::Broken),
        };
        let status = response.code.unwrap_or(0);
        let Some(head) = Head::of(&response) else { return Some(Reading::Broken) };
        if self.wants_date {
            self.date = head.date.and_then(date);
        }
        self.place = match status {
            // Nothing but a word in between; the answer is still to come.
            100 | 102..=199 => Place::Head,
            101 => return Some(Reading::Broken),
            _ => head.body(status),
        };
        self.consume(length);
        None
    }

    fn skip_counted(&mut self, left: u64, answer: Answer) -> Option<Reading> {
        let taken = left.min(self.filled as u64);
        self.consume(taken as usize);
        self.place = Place::Counted(left - taken, answer);
        Some(if left > taken { Reading::Incomplete } else { self.complete(answer) })
    }

    fn read_chunk_size(&mut self, answer: Answer) -> Option<Reading> {
        match httparse::parse_chunk_size(&self.buffer[..self.filled]) {
            Ok(httparse::Status::Complete((length, size))) => {
                self.consume(length);
                self.place = match size {
                    0 => Place::Trailer(answer),
                    // And the line end after it.
                    _ => Place::Chunk(size.saturating_add(2), answer),
                };
                None
            }
            Ok(httparse::Status::Partial) if self.filled < HEAD_MAX => Some(Reading::Incomplete),
            Ok(httparse::Status::Partial) | Err(_) => Some(Reading::Broken),
        }
    }

    fn skip_chunk(&mut self, left: u64, answer: Answer) -> Option<Reading> {
        let taken = left.min(self.filled as u64);
        self.consume(taken as usize);
        if left > taken {
            self.place = Place::Chunk(left - taken, answer);
            return Some(Reading::Incomplete);
        }
        self.place = Place::ChunkSize(answer);
        None
    }

    /// Lines up to an empty one.
    fn read_trailer(&mut self, answer: Answer) -> Option<Reading> {
        let Some(end) = self.buffer[..self.filled].iter().position(|byte| *byte == b'\n') else {
            return Some(if self.filled < HEAD_MAX {
                Reading::Incomplete
            } else {
                Reading::Broken
            });
        };
        let is_empty = self.buffer[..end].iter().all(|byte| *byte == b'\r');
        self.consume(end + 1);
        is_empty.then(|| self.complete(answer))
    }

    /// Bytes after the end are of no answer to anything: such a connection is not used again.
    fn complete(&self, answer: Answer) -> Reading {
        let keeps_open = answer.keeps_open && self.filled == 0;
        Reading::Complete(Answer { keeps_open, ..answer })
    }

    fn consume(&mut self, count: usize) {
        self.buffer.copy_within(count..self.filled, 0);
        self.filled -= count;
    }
}

/// What a head says of its body and its connection.
struct Head<'a> {
    length: Option<u64>,
    is_chunked: bool,
    keeps_open: bool,
    date: Option<&'a [u8]>,
}

impl<'a> Head<'a> {
    /// None if it contradicts itself.
    fn of(response: &httparse::Response<'_, 'a>) -> Option<Self> {
        let mut head = Self {
            length: None,
            is_chunked: false,
            keeps_open: response.version == Some(1),
            date: None,
        };
        for header in response.headers.iter() {
            let is = |name: &str| header.name.eq_ignore_ascii_case(name);
            if is("content-length") {
                let length = std::str::from_utf8(header.value).ok()?.trim().parse().ok()?;
                if head.length.is_some_and(|before| before != length) {
                    return None;
                }
                head.length = Some(length);
            } else if is("transfer-encoding") {
                head.is_chunked = ends_with_word(header.value, b"chunked");
                head.keeps_open &= head.is_chunked;
            } else if is("connection") {
                head.keeps_open = match header.value.trim_ascii() {
                    value if value.eq_ignore_ascii_case(b"close") => false,
                    value if value.eq_ignore_ascii_case(b"keep-alive") => true,
                    _ => head.keeps_open,
                };
            } else if is("date") {
                head.date = Some(header.value);
            }
        }
        Some(head)
    }

    /// Where the reader is after this head (RFC 9112, section 6.3).
    fn body(&self, status: u16) -> Place {
        let answer = Answer { status, keeps_open: self.keeps_open };
        match (status, self.is_chunked, self.length) {
            (204 | 304, _, _) => Place::Counted(0, answer),
            (_, true, _) => Place::ChunkSize(answer),
            (_, false, Some(length)) => Place::Counted(length, answer),
            (_, false, None) => Place::UntilClosed(status),
        }
    }
}

fn ends_with_word(value: &[u8], word: &[u8]) -> bool {
    let value = value.trim_ascii();
    value.len() >= word.len() && value[value.len() - word.len()..].eq_ignore_ascii_case(word)
}

fn date(value: &[u8]) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(std::str::from_utf8(value).ok()?).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads an answer that comes in these pieces.
    fn read(pieces: &[&[u8]]) -> (Reading, ResponseReader) {
        let mut reader = ResponseReader::new();
        reader.begin(true);
        let mut reading = Reading::Incomplete;
        for piece in pieces {
            let mut rest = *piece;
            while !rest.is_empty() {
                assert_eq!(reading, Reading::Incomplete, "more came");
                let space = reader.space();
                let count = rest.len().min(space.len());
                space[..count].copy_from_slice(&rest[..count]);
                rest = &rest[count..];
                reading = reader.advance(count);
            }
        }
        (reading, reader)
    }

    fn complete(status: u16, keeps_open: bool) -> Reading {
        Reading::Complete(Answer { status, keeps_open })
    }

    const ANSWERS: [(&str, u16, bool); 9] = [
        ("HTTP/1.1 202 Accepted\r\ncontent-length: 3\r\n\r\nabc", 202, true),
        ("HTTP/1.1 204 No Content\r\n\r\n", 204, true),
        ("HTTP/1.1 429 \r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n", 429, true),
        ("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", 200, false),
        ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, false),
        ("HTTP/1.0 200 OK\r\nconnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok", 200, true),
        (
            "HTTP/1.1 503 x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\nA;x=1\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n",
            503,
            true,
        ),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n",
            201,
            true,
        ),
        ("HTTP/1.1 202 Accepted\r\ncontent-length: 3\r\n\r\nabcX", 202, false),
    ];

    #[test]
    fn each_form_of_an_answer_is_read_to_its_end() {
        for (text, status, keeps_open) in ANSWERS {
            assert_eq!(read(&[text.as_bytes()]).0, complete(status, keeps_open), "{text}");
        }
    }

    #[test]
    fn what_is_no_http_is_broken() {
        for text in [
            "SSH-2.0-OpenSSH\r\n\r\n",
            "HTTP/1.1 101 Switching\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        ] {
            assert_eq!(read(&[text.as_bytes()]).0, Reading::Broken, "{text}");
        }
        let endless = format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(2 * HEAD_MAX));
        let mut reader = ResponseReader::new();
        let mut readings = endless.as_bytes().chunks(1_000).map(|piece| {
            let space = reader.space();
            let count = piece.len().min(space.len());
            space[..count].copy_from_slice(&piece[..count]);
            reader.advance(count)
        });
        assert!(readings.any(|reading| reading == Reading::Broken));
    }

    #[test]
    fn a_body_without_a_length_ends_with_the_connection_and_keeps_its_status() {
        let (reading, reader) = read(&[b"HTTP/1.1 202 Accepted\r\n\r\nas much as it likes"]);
        assert_eq!((reading, reader.ended_by_close()), (Reading::Incomplete, Some(202)));
    }

    #[test]
    fn an_answer_cut_off_has_a_status_once_its_head_is_there_and_not_before() {
        let (_, reader) = read(&[b"HTTP/1.1 202 Accepted\r\ncontent-length: 9\r\n\r\nabc"]);
        assert_eq!(reader.ended_by_close(), Some(202));
        let (_, reader) = read(&[b"HTTP/1.1 202 Accepted\r\ncontent-le"]);
        assert_eq!(reader.ended_by_close(), None);
    }

    #[test]
    fn the_servers_clock_is_read_to_the_second() {
        let text =
            "HTTP/1.1 202 x\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\ncontent-length: 0\r\n\r\n";
        let (_, reader) = read(&[text.as_bytes()]);
        // The example of RFC 9110, section 5.6.7.
        assert_eq!(reader.date(), Some("1994-11-06T08:49:37Z".parse().unwrap()));
    }

    proptest! {
        #[test]
        fn how_an_answer_is_cut_does_not_matter(
            which in 0..ANSWERS.len() - 1, cuts in prop::collection::vec(1_usize..40, 0..60),
        ) {
            let (text, status, keeps_open) = ANSWERS[which];
            let mut rest = text.as_bytes();
            let mut pieces = Vec::new();
            for cut in cuts {
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                pieces.push(piece);
                rest = after;
            }
            pieces.push(rest);
            prop_assert_eq!(read(&pieces).0, complete(status, keeps_open));
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..3_000)) {
            let mut text = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
            text.extend(bytes);
            let mut reader = ResponseReader::new();
            for piece in text.chunks(100) {
                let space = reader.space();
                let count = piece.len().min(space.len());
                space[..count].copy_from_slice(&piece[..count]);
                if reader.advance(count) != Reading::Incomplete {
                    break;
                }
            }
        }
    }
}
