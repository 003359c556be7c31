// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Books, Commitment, Datanet} from "./DatanetState.sol";
import {IDatanetRecords as D} from "../../interfaces/IDatanetRecords.sol";

/// @title Queue
/// @notice The order in which commitments of a datanet are appended: that of commitment. One waits for those before it:
///         for a reveal until its deadline, for a review until `queueUntil`, and for what is accepted until there was time
///         to append it, which anyone may do. What is passed keeps its right to be appended, not its place.
/// @dev Deadlines of those that are not decided count from their commitment, so they run side by side. The time to append
///      runs, too, for all that are accepted as soon as nothing undecided is before them; each has an hour at the head of
///      the queue beyond that (a 24th of the time), so that nobody is passed who could not have been appended, and a
///      thousand that nobody appends hold the others up for a thousand hours at most, less those that anybody appends.
library Queue {
    uint256 private constant STEPS = 16;
    uint32 private constant GRACE_PART = 24;

    function join(Books storage self, Datanet storage datanet, uint48 id) internal {
        if (datanet.head == 0) {
            (datanet.head, datanet.headSince, datanet.openSince) =
            (id, uint40(block.timestamp), uint40(block.timestamp));
        } else {
            self.commitments[datanet.tail].next = id;
        }
        datanet.tail = id;
    }

    /// @notice Goes on until it is the turn of `id`, or refuses.
    function reach(Books storage self, Datanet storage datanet, uint256 id) internal {
        if (_isTurn(datanet, id)) return;
        advance(self, datanet, STEPS, id);
        if (!_isTurn(datanet, id)) revert D.NotItsTurn(id, datanet.head);
    }

    /// @notice Goes past what nobody has to wait for any more, at most `most` of them and not past `last`.
    function advance(Books storage self, Datanet storage datanet, uint256 most, uint256 last) internal {
        uint48 head = datanet.head;
        for (; most != 0 && head != 0 && head < last; --most) {
            Commitment storage first = self.commitments[head];
            (bool passes, uint40 since) = _pass(datanet, first);
            if (!passes) return;
            _leave(datanet, first, head);
            head = first.next;
            (datanet.head, datanet.headSince) = (head, uint40(block.timestamp));
            if (since > datanet.openSince) datanet.openSince = since;
        }
    }

    /// @dev What is appended already, or was passed, is before the head.
    function _isTurn(Datanet storage datanet, uint256 id) private view returns (bool) {
        return datanet.head == 0 || id <= datanet.head;
    }

    /// @return passes Whether later ones need not wait for it.
    /// @return since Since when it was no longer undecided.
    function _pass(Datanet storage datanet, Commitment storage first) private view returns (bool passes, uint40 since) {
        D.Stage stage = first.stage;
        if (stage == D.Stage.Committed) return (block.timestamp > first.revealUntil, first.revealUntil);
        if (stage == D.Stage.Reviewed) return (block.timestamp > first.queueUntil, first.queueUntil);
        since = first.decidedAt < first.queueUntil ? first.decidedAt : first.queueUntil;
        if (stage != D.Stage.Accepted) return (true, since);
        uint40 from = first.decidedAt > datanet.openSince ? first.decidedAt : datanet.openSince;
        uint32 time = first.appendSeconds;
        passes = block.timestamp > from + time && block.timestamp > datanet.headSince + time / GRACE_PART;
    }

    function _leave(Datanet storage datanet, Commitment storage first, uint48 id) private {
        if (first.stage == D.Stage.Committed) {
            first.stage = D.Stage.Lapsed;
            datanet.reviewFund += first.bond;
            first.bond = 0;
            emit D.CommitmentLapsed(id);
        } else if (first.stage == D.Stage.Reviewed || first.stage == D.Stage.Accepted) {
            emit D.CommitmentPassed(id);
        }
    }
}
