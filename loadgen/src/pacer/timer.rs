//! A timer finer than the millisecond of an async runtime's own.

#[cfg(target_os = "linux")]
pub(super) use linux::Timer;
#[cfg(not(target_os = "linux"))]
pub(super) use portable::Timer;

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::os::fd::OwnedFd;
    use std::time::{Duration, Instant};

    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    /// A timerfd, which wakes the runtime as a socket does.
    pub(crate) struct Timer {
        timer: AsyncFd<OwnedFd>,
        armed_for: Option<Instant>,
    }

    impl Timer {
        #[expect(
            deprecated,
            reason = "its successor is unsafe, for file descriptors that end early; this one does not"
        )]
        pub(crate) fn new() -> io::Result<Self> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
            let timer = AsyncFd::with_interest(timer, Interest::READABLE)?;
            Ok(Self { timer, armed_for: None })
        }

        /// Sleeps. May be dropped and called again: the same instant is not set twice.
        pub(crate) async fn sleep_until(&mut self, instant: Instant) {
            if self.armed_for != Some(instant) {
                let left = instant.saturating_duration_since(Instant::now());
                if left.is_zero() || self.arm(left).is_err() {
                    return;
                }
                self.armed_for = Some(instant);
            }
            let Ok(mut ready) = self.timer.readable().await else { return };
            self.armed_for = None;
            // Reading takes the wake-up away; how many there were does not matter.
            let _ = ready.try_io(|timer| Ok(rustix::io::read(timer, &mut [0_u8; 8])?));
        }

        fn arm(&self, left: Duration) -> io::Result<()> {
            let value = Timespec {
                tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: left.subsec_nanos().into(),
            };
            let once = Itimerspec { it_interval: Timespec::default(), it_value: value };
            timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &once)?;
            Ok(())
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod portable {
    use std::io;
    use std::time::Instant;

    /// The runtime's timer, a millisecond coarse.
    pub(crate) struct Timer;

    impl Timer {
        pub(crate) fn new() -> io::Result<Self> {
            Ok(Self)
        }

        pub(crate) async fn sleep_until(&mut self, instant: Instant) {
            tokio::time::sleep_until(instant.into()).await;
        }
    }
}
