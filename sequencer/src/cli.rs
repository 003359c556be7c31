//! The command line.

use crate::{
    attribute::AttributeArguments,
    config::ConfigArguments,
    datanet::DatanetArguments,
    db::DbArguments,
    demo::DemoArguments,
    dev::DevArguments,
    dispute::DisputeArguments,
    gov::GovArguments,
    import::ImportArguments,
    infer::InferArguments,
    jury::JuryArguments,
    model::ModelArguments,
    rewards::RewardsArguments,
    roles::{GenesisArguments, ProverArguments, RecoverArguments, ReplicaArguments, SequencerArguments, VerifierArguments},
    serve::ServeArguments,
    stake::StakeArguments,
    verify::VerifyArguments,
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
    /// Put a new rollup's contracts on an L1, and write its files.
    Genesis(Box<GenesisArguments>),
    /// Take a rollup's transactions, make its blocks, and put them on L1.
    Sequencer(Box<SequencerArguments>),
    /// Derive a rollup from L1 alone, and answer for it.
    Verifier(Box<VerifierArguments>),
    /// Follow a sequencer's signed feed, answer for it, and come back to what L1 gives where that differs.
    Replica(Box<ReplicaArguments>),
    /// Execute a sequencer's blocks again from witnesses, and attest what comes of them.
    Prover(Box<ProverArguments>),
    /// Make a role's directory from what L1 has.
    Recover(Box<RecoverArguments>),
    /// Check a role's configuration without starting it.
    Config(ConfigArguments),
    /// Tell, check, prune, copy and restore data directories.
    Db(DbArguments),
    /// Play the whole economy on a running `tributary dev`, from texts to claims, and check every step.
    Demo(DemoArguments),
    /// Found datanets, contribute to them, read and cite them.
    Datanet(DatanetArguments),
    /// Register models with what they were made from, and what is paid for it.
    Model(ModelArguments),
    /// Ask models and pay for their answers, or answer and be paid.
    Infer(InferArguments),
    /// Check an explanation of who was paid for an answer, without a node.
    Verify(VerifyArguments),
    /// Tell what an account earned and why, and take it out.
    Rewards(RewardsArguments),
    /// Put OPEN at risk: as a validator, an operator, a trainer.
    Stake(StakeArguments),
    /// Sit on juries, and follow their cases.
    Jury(JuryArguments),
    /// Dispute rows, answers and models.
    Dispute(DisputeArguments),
    /// Change the rules together.
    Gov(GovArguments),
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
    fn no_help_tells_two_defaults_of_one_flag() {
        fn check(command: &clap::Command) {
            for argument in command.get_arguments() {
                let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
                let told = help.contains("[default: ") && !argument.get_default_values().is_empty();
                assert!(!told, "--{} of {}", argument.get_id(), command.get_name());
            }
            command.get_subcommands().for_each(check);
        }
        check(&Arguments::command());
    }

    #[test]
    fn every_command_helps_with_examples() {
        for command in Arguments::command().get_subcommands() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Examples:") && help.contains(&format!("tributary {}", command.get_name())), "{}", command.get_name());
        }
    }
}
