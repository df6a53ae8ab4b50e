//! `man`: the manual pages, generated from the text of `--help`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::CommandFactory;
use clap_mangen::Man;

use super::exit;

/// Print the manual page, or write the pages of all commands into a folder
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  copydesk man | man -l -
  copydesk man ~/.local/share/man/man1")]
pub struct Args {
    /// The folder; it is created if missing
    #[arg(value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

/// Runs the command.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut tree = super::Cli::command().disable_help_subcommand(true);
    tree.build();
    match &args.folder {
        Some(folder) => {
            std::fs::create_dir_all(folder).with_context(|| format!("creating the folder `{}`", folder.display()))?;
            pages(&tree, folder)?;
        }
        None => {
            let mut out = std::io::stdout().lock();
            out.write_all(&page(&tree)?).and_then(|()| out.flush()).context("writing to standard output")?;
        }
    }
    Ok(ExitCode::from(exit::OK))
}

/// A command's page, and those of the commands below it: `copydesk.1`, `copydesk-dead-letters.1`, `copydesk-dead-letters-list.1`.
fn pages(command: &clap::Command, folder: &Path) -> anyhow::Result<()> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    let path = folder.join(format!("{name}.1"));
    std::fs::write(&path, page(command)?).with_context(|| format!("writing `{}`", path.display()))?;
    command.get_subcommands().filter(|command| !command.is_hide_set()).try_for_each(|command| pages(command, folder))
}

fn page(command: &clap::Command) -> anyhow::Result<Vec<u8>> {
    let mut page = Vec::new();
    // A date would differ between builds; with an empty one roff would move the next field to its place.
    let man =
        Man::new(command.clone()).date(" ").source(concat!("copydesk ", env!("CARGO_PKG_VERSION"))).manual("copydesk");
    man.render(&mut page).context("writing a page")?;
    Ok(with_examples_unfilled(&String::from_utf8(page).context("a page is text")?).into_bytes())
}

/// Indented lines are examples and stay unfilled; the text after the options gets the heading NOTES.
fn with_examples_unfilled(page: &str) -> String {
    let mut out = String::with_capacity(page.len() + 256);
    let mut filled = true;
    for line in page.lines() {
        let is_example = line.starts_with("  ");
        if filled == is_example {
            out.push_str(if is_example { ".nf\n" } else { ".fi\n" });
            filled = !is_example;
        }
        out.push_str(if line == ".SH EXTRA" { ".SH NOTES" } else { line });
        out.push('\n');
    }
    if !filled {
        out.push_str(".fi\n");
    }
    out.push_str(
        ".SH FILES\n\\fIcopydesk.toml\\fR in the working folder, or as \\fB\\-\\-config\\fR says; the service reads ",
    );
    out.push_str(
        "\\fI/etc/copydesk/copydesk.toml\\fR\n.SH SEE ALSO\n\\fBcopydesk\\fR(1), \\fI/usr/share/doc/copydesk\\fR\n",
    );
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_with_every_flag() {
        fn look(command: &clap::Command, folder: &Path) -> usize {
            let name = command.get_display_name().unwrap_or_else(|| command.get_name());
            let page = std::fs::read_to_string(folder.join(format!("{name}.1"))).unwrap();
            for flag in command.get_arguments().filter(|flag| !flag.is_hide_set()).filter_map(clap::Arg::get_long) {
                let shown = format!("\\fB\\-\\-{}\\fR", flag.replace('-', "\\-"));
                // Once in the synopsis, once with what it means.
                assert!(page.matches(&shown).count() >= 2, "{name}.1 lacks --{flag}");
            }
            assert_eq!(page.matches("\n.nf\n").count(), page.matches("\n.fi\n").count(), "{name}.1");
            1 + command.get_subcommands().map(|command| look(command, folder)).sum::<usize>()
        }
        let folder = tempfile::tempdir().unwrap();
        run(&Args { folder: Some(folder.path().join("man1")) }).unwrap();
        let mut tree = super::super::Cli::command().disable_help_subcommand(true);
        tree.build();
        let count = look(&tree, &folder.path().join("man1"));
        assert!(count > 15, "only {count} commands");
        assert_eq!(std::fs::read_dir(folder.path().join("man1")).unwrap().count(), count);
    }

    #[test]
    fn examples_stay_unfilled() {
        assert!(with_examples_unfilled("a\n  b\n  c\nd\n").starts_with("a\n.nf\n  b\n  c\n.fi\nd\n"));
    }
}
