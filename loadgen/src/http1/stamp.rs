//! When bytes came, as the kernel saw it. An answer can then be looked at later than it came and is
//! timed right all the same: at thousands of orders a second, waking up for each answer costs more
//! than everything else that an order takes.

#[cfg(target_os = "linux")]
pub(crate) use linux::Stamps;
#[cfg(not(target_os = "linux"))]
pub(crate) use portable::Stamps;

#[cfg(target_os = "linux")]
mod linux {
    use std::io::{self, IoSliceMut, Read as _};
    use std::os::fd::AsRawFd as _;
    use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

    use mio::net::TcpStream;
    use nix::cmsg_space;
    use nix::sys::socket::sockopt::ReceiveTimestampns;
    use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt};
    use nix::sys::time::TimeSpec;

    /// The time stamps of a socket (socket(7), `SO_TIMESTAMPNS`).
    pub(crate) struct Stamps {
        /// Where the kernel writes them; none if it does not.
        control: Option<Vec<u8>>,
        last: Option<TimeSpec>,
    }

    impl Stamps {
        pub(crate) fn of(stream: &TcpStream, wanted: bool) -> Self {
            let is_on = wanted && setsockopt(stream, ReceiveTimestampns, &true).is_ok();
            Self { control: is_on.then(|| cmsg_space!(TimeSpec)), last: None }
        }

        /// Whether the kernel says when bytes come.
        pub(crate) fn are_there(&self) -> bool {
            self.control.is_some()
        }

        pub(crate) fn read(
            &mut self,
            stream: &mut TcpStream,
            space: &mut [u8],
        ) -> io::Result<usize> {
            let Some(control) = &mut self.control else { return stream.read(space) };
            let mut parts = [IoSliceMut::new(space)];
            let flags = MsgFlags::empty();
            let message = recvmsg::<()>(stream.as_raw_fd(), &mut parts, Some(control), flags)?;
            for part in message.cmsgs()? {
                if let ControlMessageOwned::ScmTimestampns(at) = part {
                    self.last = Some(at);
                }
            }
            Ok(message.bytes)
        }

        /// When the last bytes came; `now` if nobody says. The kernel's stamp is of the calendar's
        /// clock, so it is how long ago that was which counts.
        pub(crate) fn last(&mut self, now: Instant) -> Instant {
            let ago = self.last.take().and_then(|at| {
                let at = UNIX_EPOCH.checked_add(Duration::from(at))?;
                SystemTime::now().duration_since(at).ok()
            });
            ago.and_then(|ago| now.checked_sub(ago)).unwrap_or(now)
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod portable {
    use std::io::{self, Read as _};
    use std::time::Instant;

    use mio::net::TcpStream;

    /// Nobody says when bytes came.
    pub(crate) struct Stamps;

    impl Stamps {
        pub(crate) fn of(_stream: &TcpStream, _wanted: bool) -> Self {
            Self
        }

        pub(crate) fn are_there(&self) -> bool {
            false
        }

        pub(crate) fn read(
            &mut self,
            stream: &mut TcpStream,
            space: &mut [u8],
        ) -> io::Result<usize> {
            stream.read(space)
        }

        pub(crate) fn last(&mut self, now: Instant) -> Instant {
            now
        }
    }
}
