//! A gateway that accepts everything at once and remembers nothing, on 127.0.0.1: what a generator
//! is measured against.

use std::io;
use std::thread;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Longest head of a request that it reads, bytes.
const HEAD_MAX: usize = 16 * 1_024;

const ACCEPTED: &[u8] = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";

/// A running sink. It ends with the process.
#[derive(Debug)]
pub struct Sink {
    url: String,
}

impl Sink {
    /// Starts one on a thread of its own.
    ///
    /// # Errors
    /// If the system gives it no port or no thread.
    pub fn start() -> io::Result<Self> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}", listener.local_addr()?);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        thread::Builder::new().name("sink".to_owned()).spawn(move || {
            // Whatever ends it, its clients see that it is gone.
            let _ = runtime.block_on(accept(listener));
        })?;
        Ok(Self { url })
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }
}

async fn accept(listener: std::net::TcpListener) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(serve(stream));
    }
}

/// Answers one request after the other until the client has had enough.
async fn serve(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = vec![0; HEAD_MAX];
    let mut filled = 0;
    loop {
        match request_length(&buffer[..filled]) {
            Some(length) if length <= filled => {
                buffer.copy_within(length..filled, 0);
                filled -= length;
                stream.write_all(ACCEPTED).await?;
                continue;
            }
            Some(length) if length > buffer.len() => buffer.resize(length, 0),
            Some(_) => {}
            None if filled == buffer.len() => return Err(io::ErrorKind::InvalidData.into()),
            None => {}
        }
        match stream.read(&mut buffer[filled..]).await? {
            0 => return Ok(()),
            count => filled += count,
        }
    }
}

/// The length of the request that begins there, head and body, once its head is there.
fn request_length(bytes: &[u8]) -> Option<usize> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut request = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(head) = request.parse(bytes).ok()? else { return None };
    let length = request
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("content-length"))
        .and_then(|header| std::str::from_utf8(header.value).ok()?.trim().parse::<usize>().ok());
    head.checked_add(length.unwrap_or(0))
}
