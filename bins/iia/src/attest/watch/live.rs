//! The screen that is drawn anew: reads the chain as it grows, ends at q or Ctrl-C.

use std::io::{Write as _, stdout};
use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use console::{Key, Term};
use iia::evidence::directory;
use iia::standing::{Sights, Standing, text};
use iia_audit::genesis::Genesis;
use iia_audit::verify::Follow;
use iia_core::Timestamp;

/// How often it is drawn.
const DRAW_EVERY: Duration = Duration::from_millis(500);
/// The other screen of the terminal, without a cursor; and back.
const ENTER: &str = "\x1b[?1049h\x1b[?25l";
const LEAVE: &str = "\x1b[?25h\x1b[?1049l";
const HOME: &str = "\x1b[H";
const REST_OF_LINE: &str = "\x1b[K";
const REST_OF_SCREEN: &str = "\x1b[J";

/// What a key does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Press {
    Up,
    Down,
}

/// Gives the terminal back, however the program ends.
struct Screen;

impl Screen {
    fn enter() -> std::io::Result<Self> {
        let mut out = stdout();
        out.write_all(ENTER.as_bytes())?;
        out.flush()?;
        Ok(Self)
    }

    /// Draws the lines that fit, from `from` on; the last line says how to leave.
    fn draw(&self, lines: &[&str], from: usize, rows: usize) -> std::io::Result<()> {
        let mut drawn = String::from(HOME);
        for line in lines.iter().skip(from).take(rows.saturating_sub(1)) {
            drawn += line;
            drawn += REST_OF_LINE;
            drawn += "\r\n";
        }
        drawn += REST_OF_SCREEN;
        let below = lines.len().saturating_sub(from + rows.saturating_sub(1));
        let more = match below {
            0 => String::new(),
            below => format!(", {below} more lines below: arrow keys"),
        };
        drawn += &format!("\x1b[{rows};1H\x1b[2mq leaves{more}\x1b[0m{REST_OF_LINE}");
        let mut out = stdout();
        out.write_all(drawn.as_bytes())?;
        out.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let mut out = stdout();
        let _terminal_gone = out.write_all(LEAVE.as_bytes());
        let _terminal_gone = out.flush();
    }
}

/// Watches until somebody has seen enough.
pub(super) fn run(path: &Path) -> anyhow::Result<ExitCode> {
    let audit = directory(path)?.join("audit");
    let (genesis, _) = Genesis::load(&audit)?;
    let mut follow = Follow::open(&audit)?;
    let mut standing = Standing {
        origin: genesis.origin().into(),
        ..Standing::default()
    };
    let presses = keys();
    let screen = Screen::enter()?;
    let mut from = 0_usize;
    loop {
        let read = follow.read(|record| {
            let written = Timestamp::from_ns(record.written.utc_ns);
            standing.take(record.seq, written, &record.body.event);
        });
        standing.now = super::now();
        standing.sights = Sights::of_box(path).unwrap_or_default();
        let mut shown = text(&standing, super::look());
        if let Err(error) = read {
            shown += &format!("\nthe chain cannot be read on: {error}\n");
        }
        let lines: Vec<&str> = shown.lines().collect();
        let rows = usize::from(Term::stdout().size().0);
        from = from.min(lines.len().saturating_sub(rows.saturating_sub(1)));
        screen.draw(&lines, from, rows)?;
        match presses.recv_timeout(DRAW_EVERY) {
            Ok(Press::Up) => from = from.saturating_sub(1),
            Ok(Press::Down) => from += 1,
            Err(RecvTimeoutError::Timeout) => {}
            // The keys have come to their end.
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    drop(screen);
    Ok(super::code(&standing))
}

/// The keys that are pressed, until one of them ends it; Ctrl-C is one.
fn keys() -> mpsc::Receiver<Press> {
    let (press, presses) = mpsc::channel();
    thread::spawn(move || {
        let term = Term::stdout();
        while let Ok(key) = term.read_key_raw() {
            let done = match key {
                // A thread that waits for the next key would leave the terminal as it needs it.
                Key::Char('q') | Key::CtrlC | Key::Escape => break,
                Key::ArrowUp | Key::Char('k') => press.send(Press::Up),
                Key::ArrowDown | Key::Char('j') => press.send(Press::Down),
                _ => Ok(()),
            };
            if done.is_err() {
                break;
            }
        }
    });
    presses
}
