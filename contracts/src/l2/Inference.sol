// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Ledger} from "./Ledger.sol";
import {Predeploys} from "./Predeploys.sol";

/// @dev What the first contract asks of the first Datanets.
interface Datanets {
    function curatorOf(uint256 datanetId) external view returns (address);
    function setOf(uint256 datanetId) external view returns (uint256, uint64, uint64, uint32);
    function contributorAccountAt(uint256 datanetId, uint32 number, uint32 contributors) external view returns (address);
}

/// @title Inference
/// @notice Paid questions to the model of a datanet, and the split of each payment among those whose texts the answer came
///         from. Predeploy 0x00000000000000000000000000000000000A7711.
///
///         The split: `contributorBps` of the payment are for contributors, by their credit in the trace of the answer
///         (ITextAttribution), divided exactly to the wei (IRewardSplit); the operator who answered gets the rest, whatever
///         the answer is. What the trace doesn't explain, and what it withholds, takes part in the division as if it were
///         one more contributor: the commons, which is nobody. So a copier's closed words earn nobody anything, hidden
///         sources don't make what is left more valuable, and neither who asks nor who answers nor who curates gains by
///         what stays unexplained.
///
///         The terms and the datanet's version are fixed when the question is asked: no later change of terms, no document
///         contributed after the question (a copy of the answer, say), no status that was set and no row that was
///         reassigned since moves its payment.
/// @dev Payments are pulled (`claim`), so no recipient can stop a settlement.
contract Inference {
    using Ledger for Ledger.Book;

    /// @notice State of a request.
    enum Status {
        None,
        Open,
        Settled,
        Refunded
    }

    /// @notice Who answers for a datanet, and at what price.
    struct Model {
        address operator;
        uint16 contributorBps;
        uint64 answerSeconds;
        uint256 price;
    }

    /// @notice A question. It is traced to `version` of the datanet's set, and pays the authors of its rows as they were when
    ///         `contributors` numbers were given (`Datanets.contributorAccountAt`).
    struct Request {
        address requester;
        uint64 deadline;
        uint32 contributors;
        address operator;
        uint16 contributorBps;
        uint64 version;
        Status status;
        uint256 datanetId;
        uint256 payment;
    }

    /// @dev What ITextAttribution found.
    struct Trace {
        uint32[] contributors;
        uint256[] credits;
        uint256 explained;
        uint256 withheld;
        uint256 total;
    }

    /// @dev How a payment is divided; the three sum to it.
    struct Shares {
        uint256 operator;
        uint256 contributors;
        uint256 commons;
    }

    /// @notice All of a payment, in basis points.
    uint16 public constant BPS = 10_000;

    /// @notice Most contributors that one answer pays: those with the highest credit. It bounds the gas of `settle`.
    uint16 public constant MAX_PAYEES = 256;

    /// @dev Who owns what nobody earned: this contract itself, which never claims. It stays here, visible as
    ///      `owed(address(this))`, until a fork gives it a purpose.
    address private constant COMMONS = Predeploys.INFERENCE;

    Datanets private constant DATANETS = Datanets(Predeploys.DATANETS);

    /// @notice Ids run from 1 to this.
    uint256 public requestCount;

    mapping(uint256 datanetId => Model) private models;
    mapping(uint256 requestId => Request) private requests;
    Ledger.Book private ledger;

    event ModelChanged(
        uint256 indexed datanetId, address indexed operator, uint256 price, uint16 contributorBps, uint64 answerSeconds
    );
    event Requested(
        uint256 indexed requestId,
        uint256 indexed datanetId,
        address indexed requester,
        address operator,
        uint256 payment,
        uint16 contributorBps,
        uint64 version,
        uint64 deadline,
        bytes prompt
    );
    /// @notice A contributor is owed `share` wei for `credit` of the trace's credit.
    event Credited(
        uint256 indexed requestId, address indexed account, uint32 indexed contributor, uint256 share, uint256 credit
    );
    /// @notice `explained` of `total` rarity of the answer was found in the datanet, `withheld` of it without a credit. The
    ///         answer itself is here, so that anyone can ask the precompile for the evidence again.
    ///         The three shares sum to the payment; `commonsShare` is for what is withheld or not explained.
    event Settled(
        uint256 indexed requestId,
        address indexed operator,
        uint256 operatorShare,
        uint256 contributorsShare,
        uint256 commonsShare,
        uint256 explained,
        uint256 withheld,
        uint256 total,
        bytes output
    );
    event Refunded(uint256 indexed requestId, address indexed requester, uint256 amount);
    event Claimed(address indexed account, uint256 amount);

    /// @notice Only the datanet's curator may set its model.
    error NotCurator(uint256 datanetId, address caller);
    /// @notice Only the operator named in the request may settle it.
    error NotOperator(uint256 requestId, address caller);
    /// @notice The datanet has no model.
    error NoModel(uint256 datanetId);
    /// @notice The datanet has no document yet.
    error EmptyDatanet(uint256 datanetId);
    /// @notice Less was sent than the price.
    error PaymentTooSmall(uint256 price, uint256 sent);
    /// @notice Operator zero, more than all of the payment for contributors, or no time to answer.
    error InvalidTerms();
    /// @notice The request doesn't exist, or was settled or refunded.
    error NotOpen(uint256 requestId);
    /// @notice An answer has at least one byte.
    error EmptyAnswer(uint256 requestId);
    /// @notice The time to answer is over.
    error TooLate(uint256 requestId, uint64 deadline);
    /// @notice The time to answer is not over yet.
    error TooEarly(uint256 requestId, uint64 deadline);
    /// @notice The caller is owed nothing.
    error NothingOwed(address account);
    /// @notice The caller did not accept its money.
    error TransferFailed(address account, uint256 amount);

    /// @notice Sets who answers questions to a datanet and the terms of questions from now on.
    /// @param price Least payment of a question, in wei.
    /// @param contributorBps Part of each payment that goes to contributors, in basis points.
    /// @param answerSeconds Time to answer, after which the requester may take the payment back.
    function setModel(uint256 datanetId, address operator, uint256 price, uint16 contributorBps, uint64 answerSeconds)
        external
    {
        if (DATANETS.curatorOf(datanetId) != msg.sender) revert NotCurator(datanetId, msg.sender);
        // The bound on the time keeps `block.timestamp + answerSeconds` inside 64 bits.
        if (operator == address(0) || contributorBps > BPS || answerSeconds == 0 || answerSeconds > type(uint32).max) {
            revert InvalidTerms();
        }
        models[datanetId] = Model(operator, contributorBps, answerSeconds, price);
        emit ModelChanged(datanetId, operator, price, contributorBps, answerSeconds);
    }

    /// @notice Asks the model of a datanet. The whole value is the payment, also what is above the price.
    function request(uint256 datanetId, bytes calldata prompt) external payable returns (uint256 requestId) {
        Model memory model = models[datanetId];
        if (model.operator == address(0)) revert NoModel(datanetId);
        if (msg.value < model.price) revert PaymentTooSmall(model.price, msg.value);
        (, uint64 version, uint64 rows, uint32 contributors) = DATANETS.setOf(datanetId);
        if (rows == 0) revert EmptyDatanet(datanetId);

        requestId = ++requestCount;
        Request storage req = requests[requestId];
        req.requester = msg.sender;
        req.deadline = uint64(block.timestamp) + model.answerSeconds;
        req.contributors = contributors;
        req.operator = model.operator;
        req.contributorBps = model.contributorBps;
        req.version = version;
        req.status = Status.Open;
        req.datanetId = datanetId;
        req.payment = msg.value;
        ledger.hold(msg.value);
        _emitRequested(requestId, req, prompt);
    }

    /// @notice Answers a request and divides its payment.
    function settle(uint256 requestId, bytes calldata output) external {
        Request storage req = _open(requestId);
        if (msg.sender != req.operator) revert NotOperator(requestId, msg.sender);
        if (block.timestamp > req.deadline) revert TooLate(requestId, req.deadline);
        if (output.length == 0) revert EmptyAnswer(requestId);
        req.status = Status.Settled;

        Trace memory trace = _trace(req, output);
        Shares memory shares;
        uint256 pool = req.payment * req.contributorBps / BPS;
        shares.operator = req.payment - pool;
        shares.contributors = _pay(requestId, req, pool, trace);
        shares.commons = pool - shares.contributors;
        ledger.release(msg.sender, shares.operator);
        ledger.release(COMMONS, shares.commons);
        _emitSettled(requestId, shares, trace, output);
    }

    /// @notice Gives the payment of an unanswered request back to the requester's account here. Anyone may call it.
    function refund(uint256 requestId) external {
        Request storage req = _open(requestId);
        if (block.timestamp <= req.deadline) revert TooEarly(requestId, req.deadline);
        req.status = Status.Refunded;
        ledger.release(req.requester, req.payment);
        emit Refunded(requestId, req.requester, req.payment);
    }

    /// @notice Sends the caller everything it is owed.
    function claim() external returns (uint256 amount) {
        amount = ledger.take(msg.sender);
        if (amount == 0) revert NothingOwed(msg.sender);
        emit Claimed(msg.sender, amount);
        (bool success,) = msg.sender.call{value: amount}("");
        if (!success) revert TransferFailed(msg.sender, amount);
    }

    // ---- Views

    function modelOf(uint256 datanetId) external view returns (Model memory) {
        return models[datanetId];
    }

    function requestInfo(uint256 requestId) external view returns (Request memory) {
        return requests[requestId];
    }

    /// @notice What `account` can claim, in wei. Of this contract itself: the commons.
    function owed(address account) external view returns (uint256) {
        return ledger.owed[account];
    }

    /// @notice Sum of what all accounts can claim and of the commons, and of the payments of open requests.
    function totals() external view returns (uint256 owedTotal, uint256 escrowed) {
        return (ledger.owedTotal, ledger.escrowed);
    }

    function _trace(Request storage req, bytes calldata output) private view returns (Trace memory trace) {
        (uint256 setId,,,) = DATANETS.setOf(req.datanetId);
        (trace.contributors, trace.credits, trace.explained, trace.withheld, trace.total) =
            Predeploys.TEXT_ATTRIBUTION.traceByContributor(setId, req.version, output, MAX_PAYEES);
    }

    /// @dev Pays the contributors their part of `pool` and returns the sum. What nobody is credited for has the last weight.
    function _pay(uint256 requestId, Request storage req, uint256 pool, Trace memory trace)
        private
        returns (uint256 paid)
    {
        uint256 payees = trace.contributors.length;
        uint256[] memory weights = new uint256[](payees + 1);
        for (uint256 i = 0; i < payees; ++i) {
            weights[i] = trace.credits[i];
        }
        weights[payees] = trace.total - trace.explained + trace.withheld;
        uint256[] memory shares = Predeploys.REWARD_SPLIT.split(pool, weights);
        (uint256 datanetId, uint32 contributors) = (req.datanetId, req.contributors);
        for (uint256 i = 0; i < payees; ++i) {
            uint32 number = trace.contributors[i];
            address account = DATANETS.contributorAccountAt(datanetId, number, contributors);
            paid += shares[i];
            ledger.release(account, shares[i]);
            emit Credited(requestId, account, number, shares[i], weights[i]);
        }
    }

    function _open(uint256 requestId) private view returns (Request storage req) {
        req = requests[requestId];
        if (req.status != Status.Open) revert NotOpen(requestId);
    }

    function _emitSettled(uint256 requestId, Shares memory shares, Trace memory trace, bytes calldata output) private {
        emit Settled(
            requestId,
            msg.sender,
            shares.operator,
            shares.contributors,
            shares.commons,
            trace.explained,
            trace.withheld,
            trace.total,
            output
        );
    }

    function _emitRequested(uint256 requestId, Request storage req, bytes calldata prompt) private {
        emit Requested(
            requestId,
            req.datanetId,
            req.requester,
            req.operator,
            req.payment,
            req.contributorBps,
            req.version,
            req.deadline,
            prompt
        );
    }
}
