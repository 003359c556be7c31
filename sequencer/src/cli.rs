//! The command line.

use crate::{
    attribute::AttributeArguments, datanet::DatanetArguments, demo::DemoArguments, dev::DevArguments, import::ImportArguments,
    serve::ServeArguments,
};
use clap::{Parser, Subcommand};

/// An EVM rollup whose AI economy pays the people that data came from.
#[derive(Debug, Parser)]
#[command(name = "tributary", version, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a whole rollup with its own L1 in one process.
    Dev(DevArguments),
    /// Play the whole economy on a running `tributary dev`, from texts to claims, and check every step.
    Demo(DemoArguments),
    /// Found datanets, contribute to them, read and cite them.
    Datanet(DatanetArguments),
    /// Tell whose words a text is made of, from the files of a folder and without a chain.
    Attribute(AttributeArguments),
    /// Take in an Ethereum chain from a file.
    Import(ImportArguments),
    /// Answer JSON-RPC over a chain that was imported.
    Serve(ServeArguments),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_helps_with_examples() {
        for command in Arguments::command().get_subcommands() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Examples:") && help.contains(&format!("tributary {}", command.get_name())), "{}", command.get_name());
        }
    }
}
