#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod arguments;
mod calls;
mod chain;
mod conntrack;
mod error;
mod files;
mod firewall;
mod observer;
mod privilege;
mod program;
mod run;

use std::process::ExitCode;

fn main() -> ExitCode {
    let outcome = privilege::drop_all_but_the_network()
        .and_then(|()| arguments::Arguments::parse(std::env::args_os().skip(1)))
        .and_then(|arguments| run::run(&arguments));
    match outcome {
        Ok(done) => {
            say(&done.to_string());
            done.exit_code()
        }
        Err(error) => {
            say(&error.to_string());
            ExitCode::from(2)
        }
    }
}

#[expect(
    clippy::print_stderr,
    reason = "a program says on standard error what it did"
)]
fn say(text: &str) {
    eprintln!("iia-apply: {text}");
}
