//! What happens on SIGINT, SIGTERM and SIGHUP: nothing is left behind.

use std::sync::atomic::{AtomicUsize, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::exit::Exit;
use crate::terminal;

/// How many children have the terminal, to which SIGINT is theirs to answer.
static HELD: AtomicUsize = AtomicUsize::new(0);

/// Lets SIGINT pass by for as long as it lives: an editor has the terminal.
pub(crate) struct Hold;

/// Holds SIGINT off.
pub(crate) fn hold() -> Hold {
    HELD.fetch_add(1, Ordering::SeqCst);
    Hold
}

impl Drop for Hold {
    fn drop(&mut self) {
        HELD.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Removes staged outputs, wipes what is being edited, and shows what is typed again.
pub(crate) fn clean_up_on_signals() -> std::io::Result<()> {
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    std::thread::spawn(move || {
        for signal in signals.forever() {
            if signal == SIGINT && HELD.load(Ordering::SeqCst) > 0 {
                continue;
            }
            redeem_host::write::abandon();
            redeem_host::scratch::abandon();
            terminal::restore();
            #[expect(clippy::exit, reason = "the main thread may be anywhere")]
            std::process::exit(Exit::Interrupted.code());
        }
    });
    Ok(())
}
