// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {GovernorCountingSimple} from "@openzeppelin/contracts/governance/extensions/GovernorCountingSimple.sol";
import {GovernorSettings} from "@openzeppelin/contracts/governance/extensions/GovernorSettings.sol";
import {GovernorTimelockControl} from "@openzeppelin/contracts/governance/extensions/GovernorTimelockControl.sol";
import {GovernorVotes} from "@openzeppelin/contracts/governance/extensions/GovernorVotes.sol";
import {
    GovernorVotesQuorumFraction
} from "@openzeppelin/contracts/governance/extensions/GovernorVotesQuorumFraction.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";
import {Predeploys} from "../Predeploys.sol";

/// @title TributaryGovernor
/// @notice Holders of gOPEN decide here; predeploy 0x00000000000000000000000000000000000a771A. The code is immutable and its
///         settings have bounds; what replaces it is another proposer that the Timelock names.
/// @dev The constructor writes the name, the settings and the quorum to storage; genesis runs it and copies the code and all
///      slots that it wrote. It calls no other contract, so it doesn't matter which predeploys are there before it.
contract TributaryGovernor is
    GovernorSettings,
    GovernorCountingSimple,
    GovernorVotesQuorumFraction,
    GovernorTimelockControl
{
    /// @notice Settings that the chain begins with: seconds, wei, percent.
    uint48 public constant INITIAL_VOTING_DELAY = 1 days;
    /// @notice Seconds.
    uint32 public constant INITIAL_VOTING_PERIOD = 5 days;
    /// @notice gOPEN, wei.
    uint256 public constant INITIAL_PROPOSAL_THRESHOLD = 1_000 ether;
    /// @notice Percent of all gOPEN.
    uint256 public constant INITIAL_QUORUM = 4;

    /// @notice Least quorum, whatever the percentage gives: while few hold gOPEN, a percentage of it is what the first who
    ///         deposits decides alone. It is the initial quorum of 100,000 gOPEN.
    uint256 public constant LEAST_QUORUM = 4_000 ether;

    bytes32 private constant VOTING_DELAY = "votingDelay";
    bytes32 private constant VOTING_PERIOD = "votingPeriod";
    bytes32 private constant PROPOSAL_THRESHOLD = "proposalThreshold";
    bytes32 private constant QUORUM = "quorum";

    /// @notice Governance may not give itself this setting.
    error SettingOutOfBounds(bytes32 setting, uint256 value, uint256 least, uint256 most);
    /// @notice All contracts obey one Timelock; a Governor with another could decide nothing any more, for ever.
    error TimelockIsFixed();

    constructor()
        Governor("Tributary Governor")
        GovernorSettings(INITIAL_VOTING_DELAY, INITIAL_VOTING_PERIOD, INITIAL_PROPOSAL_THRESHOLD)
        GovernorVotes(IVotes(Predeploys.VOTING_OPEN))
        GovernorVotesQuorumFraction(INITIAL_QUORUM)
        GovernorTimelockControl(TimelockController(payable(Predeploys.TIMELOCK)))
    {}

    // ---- Settings and their bounds

    /// @notice The Timelock cannot be changed: see `TimelockIsFixed`.
    function updateTimelock(TimelockController) public pure override {
        revert TimelockIsFixed();
    }

    function _setVotingDelay(uint48 newVotingDelay) internal override {
        _check(VOTING_DELAY, newVotingDelay, 1 hours, 7 days);
        super._setVotingDelay(newVotingDelay);
    }

    function _setVotingPeriod(uint32 newVotingPeriod) internal override {
        _check(VOTING_PERIOD, newVotingPeriod, 1 days, 30 days);
        super._setVotingPeriod(newVotingPeriod);
    }

    function _setProposalThreshold(uint256 newProposalThreshold) internal override {
        _check(PROPOSAL_THRESHOLD, newProposalThreshold, 1 ether, 1_000_000 ether);
        super._setProposalThreshold(newProposalThreshold);
    }

    function _updateQuorumNumerator(uint256 newQuorumNumerator) internal override {
        _check(QUORUM, newQuorumNumerator, 1, 50);
        super._updateQuorumNumerator(newQuorumNumerator);
    }

    function _check(bytes32 setting, uint256 value, uint256 least, uint256 most) private pure {
        if (value < least || value > most) revert SettingOutOfBounds(setting, value, least, most);
    }

    // ---- Time

    /// @notice gOPEN's clock: seconds.
    function clock() public view override(Governor, GovernorVotes) returns (uint48) {
        return Time.timestamp();
    }

    /// @notice gOPEN's clock in the words of ERC-6372.
    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() public pure override(Governor, GovernorVotes) returns (string memory) {
        return "mode=timestamp";
    }

    /// @notice Votes, for or abstaining, that a proposal with this snapshot needs.
    function quorum(uint256 timepoint) public view override(Governor, GovernorVotesQuorumFraction) returns (uint256) {
        return Math.max(super.quorum(timepoint), LEAST_QUORUM);
    }

    /// @notice The quorum at a time, in percent of all gOPEN.
    /// @dev The first value holds for the time before it too: it was written when genesis was made, by another clock.
    function quorumNumerator(uint256 timepoint) public view override returns (uint256) {
        uint256 numerator = super.quorumNumerator(timepoint);
        return numerator == 0 ? INITIAL_QUORUM : numerator;
    }

    // ---- What several bases define

    /// @notice Where a proposal stands: what the Timelock did with it counts, too.
    function state(uint256 proposalId) public view override(Governor, GovernorTimelockControl) returns (ProposalState) {
        return super.state(proposalId);
    }

    /// @notice Always: what was decided waits in the Timelock.
    function proposalNeedsQueuing(uint256 proposalId)
        public
        view
        override(Governor, GovernorTimelockControl)
        returns (bool)
    {
        return super.proposalNeedsQueuing(proposalId);
    }

    /// @notice gOPEN that a proposer needs, wei.
    function proposalThreshold() public view override(Governor, GovernorSettings) returns (uint256) {
        return super.proposalThreshold();
    }

    function _queueOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint48) {
        return super._queueOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _executeOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) {
        super._executeOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint256) {
        return super._cancel(targets, values, calldatas, descriptionHash);
    }

    function _executor() internal view override(Governor, GovernorTimelockControl) returns (address) {
        return super._executor();
    }
}
