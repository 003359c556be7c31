/// When a commit counts as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// A commit returns once the disk has it: survives power loss.
    #[default]
    Synced,
    /// A commit returns once the operating system has it, and nothing ever waits for the disk: survives `kill -9`, and of a power loss nothing need be left. For
    /// tests and throw-away chains.
    Relaxed,
}

/// How a store is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// When a commit counts as written.
    pub durability: Durability,
    /// For how many blocks below the head superseded trie nodes are kept: the depth to which [`unwind`](crate::Store::unwind) and proofs reach.
    /// Those of a rollup's message passer are kept for ever, whatever this says.
    pub trie_history: u64,
    /// Largest size of the database, in bytes of address space (the file itself grows with its content).
    pub map_size: usize,
    /// Open an existing store for reading, possibly while another process writes it. Takes no lock and creates nothing.
    pub read_only: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { durability: Durability::Synced, trie_history: 100_000, map_size: 1 << 40, read_only: false }
    }
}
