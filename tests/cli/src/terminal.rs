//! A pseudo-terminal in which `jp` runs, with its screen.

use std::{
    fmt,
    io::{Read as _, Write},
    num::NonZero,
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
};

use contract::target::Target;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use vt100::Parser;

use crate::{binary, wait};

/// Lines that the terminal keeps above its screen.
const SCROLLBACK: usize = 500;

/// A terminal with a running `jp`. Dropping it ends the command.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    keyboard: Box<dyn Write + Send>,
    state: Arc<Mutex<State>>,
    reader: Option<JoinHandle<()>>,
}

/// What has arrived in the terminal.
struct State {
    parser: Parser,
    bytes: Vec<u8>,
}

impl Terminal {
    /// Runs `jp` in a terminal of this size, with the settings of the server under test and with `variables`.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    pub fn run(arguments: &[&str], rows: u16, cols: u16, variables: &[(&str, &str)]) -> Terminal {
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap_or_else(|error| panic!("no terminal: {error}"));
        let mut command = CommandBuilder::new(binary::path());
        command.args(arguments);
        command.env_remove("NO_COLOR");
        let settings = [
            ("TERM", "xterm-256color"),
            ("JOB_PROGRESS_URL", &Target::get().base_url),
            ("JOB_PROGRESS_KEY", &Target::get().key),
        ];
        for (name, value) in settings.iter().chain(variables) {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap_or_else(|error| panic!("jp cannot be started: {error}"));
        let (reader, keyboard) = (pair.master.try_clone_reader(), pair.master.take_writer());
        let (Ok(mut reader), Ok(keyboard)) = (reader, keyboard) else { panic!("the terminal cannot be opened twice") };
        let state = Arc::new(Mutex::new(State {
            parser: Parser::new(cells(rows), cells(cols), SCROLLBACK),
            bytes: Vec::new(),
        }));
        let shared = Arc::clone(&state);
        let reader = thread::spawn(move || {
            let mut buffer = [0; 4096];
            // The end of a terminal is an error on Linux.
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                let bytes = buffer.get(..count).unwrap_or_default();
                let mut state = shared.lock().unwrap_or_else(PoisonError::into_inner);
                state.parser.process(bytes);
                state.bytes.extend_from_slice(bytes);
            }
        });
        Terminal { child, master: pair.master, keyboard, state, reader: Some(reader) }
    }

    /// The rows of the screen, without the spaces at their ends and the empty rows at the bottom.
    pub fn screen(&self) -> String {
        self.with(|state| rows(&state.parser))
    }

    /// Everything that was written to the terminal.
    pub fn written(&self) -> String {
        self.with(|state| String::from_utf8_lossy(&state.bytes).into_owned())
    }

    /// Whether the cursor is visible, and its row and column.
    pub fn cursor(&self) -> (bool, u16, u16) {
        self.with(|state| {
            let screen = state.parser.screen();
            let (row, col) = screen.cursor_position();
            (!screen.hide_cursor(), row, col)
        })
    }

    /// Waits until the screen is as `fits` wants it, and returns it.
    ///
    /// # Panics
    ///
    /// When it is not in time.
    pub fn until(&self, fits: impl Fn(&str) -> bool) -> String {
        wait::until(
            || Some(self.screen()).filter(|screen| fits(screen)),
            || format!("the screen is\n{}", self.screen()),
        )
    }

    /// Presses keys.
    ///
    /// # Panics
    ///
    /// When the terminal is closed.
    pub fn press(&mut self, keys: &str) {
        let written = self.keyboard.write_all(keys.as_bytes()).and_then(|()| self.keyboard.flush());
        written.unwrap_or_else(|error| panic!("the terminal is closed: {error}"));
    }

    /// Changes the size of the terminal.
    ///
    /// # Panics
    ///
    /// When the terminal is closed.
    pub fn resize(&self, rows: u16, cols: u16) {
        self.with(|state| state.parser.screen_mut().set_size(cells(rows), cells(cols)));
        let resized = self.master.resize(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 });
        resized.unwrap_or_else(|error| panic!("the terminal is closed: {error}"));
    }

    /// Waits for the end of the command, and returns its exit code.
    ///
    /// # Panics
    ///
    /// When it does not end in time.
    pub fn exit(&mut self) -> u32 {
        let state = Arc::clone(&self.state);
        let screen = || {
            let state = state.lock().unwrap_or_else(PoisonError::into_inner);
            format!("jp still runs, and the screen is\n{}", rows(&state.parser))
        };
        let child = &mut self.child;
        let status = wait::until(|| child.try_wait().ok().flatten(), screen);
        // What it wrote last is still on its way.
        if let Some(reader) = self.reader.take() {
            wait::until(|| reader.is_finished().then_some(()), || "the terminal does not close".to_owned());
        }
        status.exit_code()
    }

    fn with<T>(&self, read: impl FnOnce(&mut State) -> T) -> T {
        read(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl fmt::Debug for Terminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Terminal").field("screen", &self.screen()).finish_non_exhaustive()
    }
}

fn rows(parser: &Parser) -> String {
    let screen = parser.screen();
    let (_, cols) = screen.size();
    let rows: Vec<String> = screen.rows(0, cols.get()).map(|row| row.trim_end().to_owned()).collect();
    rows.join("\n").trim_end().to_owned()
}

/// A number of rows or columns; a terminal has at least one.
fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).unwrap_or(NonZero::<u16>::MIN)
}
