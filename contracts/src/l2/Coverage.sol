// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Coverage
/// @notice Which rows of a datanet open requests may still be traced to. While a request is open, the activity of its rows
///         must stay as it was when the question was paid for. One word for all requests of a datanet: rows only ever
///         become more, so the newest request covers what all the others cover.
/// @dev Errs on the side of covering: a row stays covered until no request is open, or the last deadline is over.
library Coverage {
    struct Span {
        uint64 requests;
        uint64 rows;
        uint64 deadline;
    }

    /// @notice A request is open until `deadline` that is traced to the first `rows` rows.
    function open(Span storage self, uint64 rows, uint64 deadline) internal {
        // What is left of requests that ended, or that nobody can settle any more, does not count.
        bool fresh = self.requests == 0 || block.timestamp > self.deadline;
        self.rows = rows;
        if (fresh || deadline > self.deadline) self.deadline = deadline;
        ++self.requests;
    }

    /// @notice One of the requests was settled or refunded.
    function close(Span storage self) internal {
        --self.requests;
    }

    /// @notice The first `rows` rows are covered, at the latest until `deadline`, in seconds, inclusive; zeros when none is.
    function covered(Span storage self) internal view returns (uint64 rows, uint64 deadline) {
        if (self.requests != 0 && block.timestamp <= self.deadline) return (self.rows, self.deadline);
    }
}
