//! A timer finer than the millisecond of a poll's own timeout.

#[cfg(target_os = "linux")]
pub(crate) use linux::{AsyncTimer, Timer};
#[cfg(not(target_os = "linux"))]
pub(crate) use portable::{AsyncTimer, Timer};

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::os::fd::{AsRawFd, OwnedFd, RawFd};
    use std::time::{Duration, Instant};

    use mio::unix::SourceFd;
    use mio::{Interest, Poll, Token};
    use tokio::io::unix::AsyncFd;

    use rustix::event::{PollFd, PollFlags};
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };

    /// A timerfd, which wakes a poll as a socket does. It is registered for edges and so need not
    /// be read.
    pub(crate) struct Timer {
        timer: OwnedFd,
        armed_for: Option<Instant>,
    }

    impl Timer {
        pub(crate) fn new() -> io::Result<Self> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            Ok(Self { timer: timerfd_create(TimerfdClockId::Monotonic, flags)?, armed_for: None })
        }

        pub(crate) fn register(&self, poll: &Poll, token: Token) -> io::Result<()> {
            poll.registry().register(
                &mut SourceFd(&self.timer.as_raw_fd()),
                token,
                Interest::READABLE,
            )
        }

        /// Arms it for an instant; how long the poll itself should wait at most. An instant that
        /// it is armed for is not set again.
        pub(crate) fn arm(&mut self, instant: Instant, now: Instant) -> Option<Duration> {
            let left = instant.saturating_duration_since(now);
            if left.is_zero() {
                return Some(Duration::ZERO);
            }
            if self.armed_for != Some(instant) {
                let value = Timespec {
                    tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
                    tv_nsec: left.subsec_nanos().into(),
                };
                let once = Itimerspec { it_interval: Timespec::default(), it_value: value };
                if timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &once).is_err() {
                    return Some(left);
                }
                self.armed_for = Some(instant);
            }
            None
        }
    }

    impl Timer {
        /// Sleeps until an instant, whatever comes meanwhile.
        pub(crate) fn nap(&mut self, instant: Instant, now: Instant) {
            if self.arm(instant, now).is_none() {
                // A signal may end it early; then less is due.
                let _ = rustix::event::poll(&mut [PollFd::new(&self.timer, PollFlags::IN)], None);
            }
        }
    }

    impl AsRawFd for Timer {
        fn as_raw_fd(&self) -> RawFd {
            self.timer.as_raw_fd()
        }
    }

    /// The same for an async runtime.
    pub(crate) struct AsyncTimer(AsyncFd<Timer>);

    impl AsyncTimer {
        #[expect(
            deprecated,
            reason = "its successor is unsafe, for file descriptors that end early; this one does not"
        )]
        pub(crate) fn new() -> io::Result<Self> {
            let interest = tokio::io::Interest::READABLE;
            Ok(Self(AsyncFd::with_interest(Timer::new()?, interest)?))
        }

        /// Sleeps. May be dropped and called again: the same instant is not set twice.
        pub(crate) async fn sleep_until(&mut self, instant: Instant) {
            if self.0.get_mut().arm(instant, Instant::now()).is_some() {
                return;
            }
            let Ok(mut ready) = self.0.readable().await else { return };
            ready.clear_ready();
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod portable {
    use std::io;
    use std::time::{Duration, Instant};

    use mio::{Poll, Token};

    /// The poll's own timeout, a millisecond coarse.
    pub(crate) struct Timer;

    impl Timer {
        pub(crate) fn new() -> io::Result<Self> {
            Ok(Self)
        }

        pub(crate) fn register(&self, _poll: &Poll, _token: Token) -> io::Result<()> {
            Ok(())
        }

        pub(crate) fn arm(&mut self, instant: Instant, now: Instant) -> Option<Duration> {
            Some(instant.saturating_duration_since(now))
        }

        pub(crate) fn nap(&mut self, instant: Instant, now: Instant) {
            std::thread::sleep(instant.saturating_duration_since(now));
        }
    }

    /// The runtime's timer, as coarse.
    pub(crate) struct AsyncTimer;

    impl AsyncTimer {
        pub(crate) fn new() -> io::Result<Self> {
            Ok(Self)
        }

        pub(crate) async fn sleep_until(&mut self, instant: Instant) {
            tokio::time::sleep_until(instant.into()).await;
        }
    }
}
