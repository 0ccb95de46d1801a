//! One connection, driven by whoever polls its socket.

use std::io::{self, Read as _, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, StreamOwned};

use super::response::{Reading, ResponseReader};
use super::stamp::Stamps;
use crate::driver::Failure;

enum Stream {
    Plain(TcpStream, Stamps),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Stream {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream, stamps) => stamps.read(stream, space),
            Self::Tls(stream) => stream.read(space),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream, _) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(..) => Ok(()),
            Self::Tls(stream) => stream.flush(),
        }
    }

    fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(stream, _) => stream,
            Self::Tls(stream) => &stream.sock,
        }
    }

    fn is_handshaking(&self) -> bool {
        match self {
            Self::Plain(..) => false,
            Self::Tls(stream) => stream.conn.is_handshaking(),
        }
    }
}

/// Where a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Idle,
    Connecting,
    Writing,
    Flushing,
    Reading,
}

/// What came of looking at a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// It waits for its socket.
    Waiting,
    /// The answer is complete.
    Answered {
        status: u16,
        /// Whether it can be used again.
        keeps_open: bool,
    },
    /// It is of no use any more; of an order on it there is this to say.
    Ended(Failure),
}

/// A connection to the gateway, which carries one order at a time.
pub(crate) struct Connection {
    stream: Stream,
    stage: Stage,
    request: Vec<u8>,
    written: usize,
    reader: ResponseReader,
}

impl Connection {
    /// Begins to connect; its answers are stamped if they can be and somebody wants it.
    pub(crate) fn open(
        address: SocketAddr,
        wants_stamps: bool,
        tls: Option<&(Arc<ClientConfig>, ServerName<'static>)>,
        registry: &Registry,
        token: Token,
    ) -> io::Result<Self> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        let stream = match tls {
            None => {
                let stamps = Stamps::of(&stream, wants_stamps);
                Stream::Plain(stream, stamps)
            }
            Some((config, name)) => {
                let connection = ClientConnection::new(Arc::clone(config), name.clone())
                    .map_err(io::Error::other)?;
                Stream::Tls(Box::new(StreamOwned::new(connection, stream)))
            }
        };
        Ok(Self {
            stream,
            stage: Stage::Connecting,
            request: Vec::new(),
            written: 0,
            reader: ResponseReader::new(),
        })
    }

    /// The buffer of the request, empty.
    pub(crate) fn request_buffer(&mut self) -> &mut Vec<u8> {
        self.request.clear();
        &mut self.request
    }

    /// Sends what is in the buffer of the request.
    pub(crate) fn send(&mut self, wants_date: bool) -> Step {
        self.written = 0;
        self.reader.begin(wants_date);
        if self.stage == Stage::Idle {
            self.stage = Stage::Writing;
        }
        self.go(Stage::Reading)
    }

    /// Its socket has something to say: goes on as far as it allows.
    pub(crate) fn advance(&mut self) -> Step {
        // An answer may have come before the request had all left: its event is this one.
        self.go(Stage::Idle)
    }

    /// Whether it is known when an answer came, however late it is looked at.
    pub(crate) fn is_stamped(&self) -> bool {
        match &self.stream {
            Stream::Plain(_, stamps) => stamps.are_there(),
            Stream::Tls(_) => false,
        }
    }

    /// When the answer came that was seen `now`.
    pub(crate) fn answered_at(&mut self, now: Instant) -> Instant {
        match &mut self.stream {
            Stream::Plain(_, stamps) => stamps.last(now),
            Stream::Tls(_) => now,
        }
    }

    /// What the server's clock said in the last answer, if that was asked for.
    pub(crate) fn date(&self) -> Option<Timestamp> {
        self.reader.date()
    }

    /// What to say of the order on it if it is given up now.
    pub(crate) fn give_up(&self) -> Failure {
        let nothing_left = self.written == 0 || self.stream.is_handshaking();
        if nothing_left { Failure::Unsent } else { Failure::Unanswered }
    }

    /// Goes on until the socket has to be waited for, or to this stage: no answer is there the
    /// moment a request has left.
    fn go(&mut self, until: Stage) -> Step {
        loop {
            let done = match self.stage {
                Stage::Idle => return self.look(),
                Stage::Connecting => self.connect(),
                Stage::Writing => self.write(),
                Stage::Flushing => self.stream.flush().map(|()| self.stage = Stage::Reading),
                Stage::Reading => return self.read(),
            };
            match done {
                Ok(()) if self.stage == until => return Step::Waiting,
                Ok(()) => {}
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock | io::ErrorKind::NotConnected => {
                        return Step::Waiting;
                    }
                    io::ErrorKind::Interrupted => {}
                    _ => return Step::Ended(self.give_up()),
                },
            }
        }
    }

    fn connect(&mut self) -> io::Result<()> {
        if let Some(error) = self.stream.socket().take_error()? {
            return Err(error);
        }
        self.stream.socket().peer_addr()?;
        self.stage = Stage::Writing;
        Ok(())
    }

    fn write(&mut self) -> io::Result<()> {
        let count = self.stream.write(&self.request[self.written..])?;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.written += count;
        if self.written == self.request.len() {
            self.stage = Stage::Flushing;
        }
        Ok(())
    }

    fn read(&mut self) -> Step {
        loop {
            match self.stream.read(self.reader.space()) {
                Ok(0) => return self.closed(),
                Ok(count) => match self.reader.advance(count) {
                    Reading::Incomplete => {}
                    Reading::Broken => return Step::Ended(Failure::Unanswered),
                    Reading::Complete(answer) => {
                        self.stage = Stage::Idle;
                        let (status, keeps_open) = (answer.status, answer.keeps_open);
                        return Step::Answered { status, keeps_open };
                    }
                },
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock => return Step::Waiting,
                    io::ErrorKind::Interrupted => {}
                    _ => return self.closed(),
                },
            }
        }
    }

    /// The gateway has closed it, or worse.
    fn closed(&self) -> Step {
        match self.reader.ended_by_close() {
            Some(status) => Step::Answered { status, keeps_open: false },
            None => Step::Ended(Failure::Unanswered),
        }
    }

    /// Whatever comes on an idle connection ends it: the gateway has closed it, or says something
    /// that nobody asked. TLS has words of its own, which are not for us.
    fn look(&mut self) -> Step {
        let mut byte = [0];
        match self.stream.read(&mut byte) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Step::Waiting,
            Ok(_) | Err(_) => Step::Ended(Failure::Unsent),
        }
    }
}
