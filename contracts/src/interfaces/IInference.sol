// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IJuryClient} from "./IJuries.sol";
import {IPayouts} from "./IPayouts.sol";

/// @title IInference
/// @notice Paid answers of models, and the split of each payment among those whose work the answers came from. Predeploy
///         0x00000000000000000000000000000000000A7711.
///
///         A *session* is one escrow for up to `maxAnswers` answers; a single request is a session of one. Everything that
///         decides who is paid is fixed when it is opened: the model's version, its terms (`termsHash`), the releases of its
///         datanets, who their contributors were, and the parameters of governance. Only whom a sketch stands for is looked up when
///         an answer is settled: what a dispute found meanwhile counts there at once.
///
///         *Answers* are chained: `h(i) = keccak256(abi.encode(h(i-1), i, promptHash, keccak256(output), keccak256(query), amount))`,
///         where `h(0)` is the session's `promptHash` (zero where the first prompt isn't named). A *voucher* is the payer's EIP-712
///         signature of how many answers it received, their sum, and the last `h`: only what it covers is attributed and paid at
///         once (`settle`). Without it the operator may `post` an answer: after `contestSeconds`, in which the payer may contest
///         it, the operator gets its part, and the contributors' goes to the commons.
///
///         *A payment* has these parts, which sum to it to the wei: the protocol's, the reviewers' of its datanets, the lineage's,
///         the curators', the contributors' — what of these is withheld, closed, above a contributor's most, or not explained is
///         the commons' — and the operator's, which is the rest, whatever the answers are.
///
///         *References* in `IPayouts` and settlements: `settlementId = sessionId << 32 | n`, the session's n-th settlement, from 1.
///         Refunds, bonds and slashing have `n = 0`.
/// @dev Reverts of the attribution precompiles (`IAttributionErrors`), of Models, Datanets, Stakes and Payouts pass through.
interface IInference is IJuryClient {
    // ---- Structs

    enum Status {
        None,
        Open,
        /// The rest of the escrow went back; the operator's stake is locked until `close`.
        Ended,
        Closed
    }

    /// @notice What a case of this contract at Juries decides.
    enum Dispute {
        None,
        /// A posted answer is no answer to its prompt; by the payer, against an answer that it did not sign for.
        NoAnswer,
        /// Whoever runs the deterministic model on the prompt gets another answer.
        WrongAnswer,
        /// Whoever computes the answer's sketch gets another query (cosine² below .99).
        WrongSketch
    }

    /// @notice What a payer asks for.
    struct Opening {
        uint256 modelId;
        /// The model's newest version.
        uint32 version;
        /// `IModels.termsHash`: what the payer saw.
        bytes32 termsHash;
        /// Keccak-256 of the first prompt, or zero. Where the prompt itself is given, its hash.
        bytes32 promptHash;
        uint32 maxAnswers;
        /// Seconds; at most `MAX_SECONDS` from now. What is not settled or posted by then goes back.
        uint64 deadline;
    }

    /// @notice One answer.
    struct Answer {
        bytes32 promptHash;
        /// What it costs, wei.
        uint256 amount;
        /// What the payer received: UTF-8, if it is to be attributed by text.
        bytes output;
        /// Its sketch, if the model attributes by sketches: one i8 for each dimension.
        bytes query;
    }

    /// @notice An answer as it is chained, without its bytes.
    struct Link {
        bytes32 promptHash;
        bytes32 outputHash;
        bytes32 queryHash;
        uint256 amount;
    }

    /// @notice What governance and the terms said when a session was opened.
    struct Rules {
        uint16 protocolBps;
        uint16 validatorBps;
        uint32 contestSeconds;
        uint16 jurors;
        /// What of its stake a lost case costs the operator, wei: half for the wronged, half for the protocol, so that no operator
        /// saves its stake by wronging itself.
        uint88 penalty;
        uint72 contestBond;
        bool deterministic;
        /// Whether answers are attributed by sketches, too.
        bool sketches;
    }

    struct Session {
        address payer;
        uint64 deadline;
        uint32 maxAnswers;
        address operator;
        uint64 modelId;
        uint32 version;
        Rules rules;
        /// What is left in escrow, wei.
        uint96 left;
        /// Sum of the answers that are settled, wei.
        uint96 paid;
        /// When an answer was last settled or posted, or the session ended, seconds.
        uint64 lastAt;
        /// Of one answer, wei.
        uint96 price;
        /// Answers that are settled; an answer that is posted is not.
        uint32 answers;
        uint32 settlements;
        /// Cases of this session that are not final.
        uint16 openCases;
        Status status;
        /// Whether a receipt that was not honoured was shown.
        bool receiptShown;
        bytes32 termsHash;
        /// The chain's end: of the answers that are settled.
        bytes32 head;
        /// Numbers of contributors that were given, for each source of the model's terms in their order.
        uint32[] contributors;
    }

    /// @notice Answers that were posted without the payer's signature.
    struct Pending {
        bytes32 head;
        uint96 amount;
        /// Until when they may be contested, seconds. 0: nothing is posted.
        uint64 until;
        uint32 count;
        /// Cases about them that are not final.
        uint16 cases;
    }

    /// @notice A case at Juries.
    struct Case {
        uint256 sessionId;
        uint32 index;
        Dispute kind;
        /// Whether it is about an answer that is posted and not settled.
        bool pending;
        address claimant;
        uint96 bond;
    }

    /// @notice How a payment was divided; the parts sum to it. `contributors` includes what is carried.
    struct Shares {
        uint256 protocol;
        uint256 validators;
        uint256 lineage;
        uint256 curators;
        uint256 contributors;
        uint256 commons;
        uint256 operator;
    }

    /// @notice What of a payment is whose, other than contributors': by datanet, 0 for all of them or none. The account is zero for
    ///         the commons and for reviewers (`Validator`), who are paid by the reviews of their datanet.
    struct Part {
        IPayouts.Reason reason;
        uint256 datanetId;
        address account;
        uint256 amount;
    }

    /// @notice One division of a pool among contributors, over all answers of a settlement: by text, for each source of the
    ///         model; or by sketches, with `datanetId` 0.
    struct Attribution {
        uint256 datanetId;
        uint32 releaseId;
        uint256 pool;
        /// The contributors' part of it; the rest is the commons'.
        uint256 paid;
        /// Weight of the words, in 1/256 bit, as ITextAttribution gives it: summed. By sketches, the sum of positive weights.
        uint256 explained;
        uint256 withheld;
        uint256 total;
    }

    /// @notice A contributor's part of a settlement.
    struct Payee {
        uint256 datanetId;
        uint32 number;
        /// Whether `number` is one of the model's sketch set; otherwise it is the datanet's.
        bool bySketch;
        address account;
        uint256 amount;
        /// Text: of each answer's pool of `amount * 2^32`, what this contributor was credited for. Sketches: the sum of its
        /// scores, each times its answer's amount.
        uint256 weight;
    }

    // ---- Events

    /// @notice An operator answers, or no longer, under these terms.
    event Served(address indexed operator, bytes32 indexed termsHash, bool on);
    event SessionOpened(
        uint256 indexed sessionId, uint256 indexed modelId, address indexed payer, Session session, bytes prompt
    );
    /// @notice The bytes of an answer, once for each, when it is settled or posted: anyone can ask the precompiles again.
    ///         Answers of a session count from 1.
    event Answered(
        uint256 indexed sessionId, uint32 indexed index, bytes32 promptHash, uint256 amount, bytes output, bytes query
    );
    /// @notice Answers up to `head` were posted without the payer's signature.
    event Posted(uint256 indexed sessionId, uint32 first, uint32 count, uint256 amount, bytes32 head, uint64 until);
    /// @notice `count` answers from `first` on were paid for. What is not `signed` was not attributed. Who is owed what by it is in
    ///         the `Credited` events of IPayouts with this reference, and in the events below.
    event Settled(
        uint256 indexed settlementId,
        uint256 indexed sessionId,
        bool signed,
        uint32 first,
        uint32 count,
        uint256 amount,
        bytes32 head,
        Shares shares
    );
    event Attributed(uint256 indexed settlementId, Attribution[] attributions);
    event PartsPaid(uint256 indexed settlementId, Part[] parts);
    /// @notice These contributors are owed their amounts from now on.
    event ContributorsPaid(uint256 indexed settlementId, Payee[] payees);
    /// @notice A page of those contributors who wait, at the settlement, in their order: each is paid by one `carry`.
    event Carried(uint256 indexed settlementId, Payee[] payees);
    event Refunded(uint256 indexed sessionId, address indexed payer, uint256 amount);
    event SessionClosed(uint256 indexed sessionId);
    /// @notice A case was opened about answer `index`, or about what was posted from it on.
    event Disputed(
        uint256 indexed caseId,
        uint256 indexed sessionId,
        uint32 indexed index,
        Dispute kind,
        bytes32 subject,
        address claimant,
        uint256 bond,
        bytes evidence
    );
    event DisputeRuled(uint256 indexed caseId, uint256 indexed sessionId, bool upheld, uint256 slashed);
    /// @notice The operator promised answer `index` to this prompt, and settled another or none.
    event ReceiptShown(uint256 indexed sessionId, uint32 index, bytes32 promptHash, uint256 slashed, address by);

    // ---- Errors

    error UnknownSession(uint256 sessionId);
    /// @notice The session ended, or is closed.
    error NotOpen(uint256 sessionId, Status status);
    error NotOperator(uint256 sessionId, address caller);
    error NotPayer(uint256 sessionId, address caller);
    error NotJuries(address caller);
    /// @notice The model takes no requests, or has a newer version.
    error NotOffered(uint256 modelId, uint32 version);
    /// @notice The terms are not what the caller agreed to.
    error WrongTerms(bytes32 agreed, bytes32 actual);
    /// @notice The operator does not answer under these terms.
    error NotServed(address operator, bytes32 termsHash);
    error InvalidDeadline(uint64 deadline);
    /// @notice No answer, or more than `MAX_ANSWERS`.
    error InvalidAnswers(uint256 count);
    /// @notice The prompt is not the one that was hashed.
    error WrongPrompt(bytes32 expected, bytes32 actual);
    error PaymentTooSmall(uint256 needed, uint256 sent);
    /// @notice More than a session can hold.
    error PaymentTooLarge(uint256 sent);
    /// @notice The answers cost more than is left.
    error EscrowTooSmall(uint256 left, uint256 amount);
    /// @notice More than the price was asked for an answer that the payer did not sign for.
    error AboveThePrice(uint256 price, uint256 amount);
    error EmptyAnswer(uint32 index);
    error TooLate(uint256 sessionId, uint64 deadline);
    error TooEarly(uint256 sessionId, uint64 ready);
    /// @notice The payer did not sign for these answers.
    error NotSigned(address payer, bytes32 digest);
    /// @notice The operator did not sign this receipt.
    error NotPromised(address operator, bytes32 digest);
    /// @notice Answers were posted, and are neither paid nor rejected.
    error IsPending(uint256 sessionId);
    /// @notice Nothing is posted.
    error NothingPending(uint256 sessionId);
    /// @notice A case is not final.
    error HasCases(uint256 sessionId, uint16 cases);
    error UnknownCase(uint256 caseId);
    /// @notice There was a case about this already.
    error AlreadyDisputed(uint256 sessionId, uint32 index, Dispute kind);
    /// @notice This cannot be disputed: the model is not deterministic, or does not attribute by sketches.
    error NotDisputable(uint256 sessionId, Dispute kind);
    error UnknownAnswer(uint256 sessionId, uint32 index);
    error BondTooSmall(uint256 needed, uint256 sent);
    /// @notice The links do not lead to the session's chain, or the promise was kept.
    error NotBroken(uint256 sessionId, uint32 index);
    /// @notice A receipt of this session was shown already.
    error AlreadyShown(uint256 sessionId);
    /// @notice This is not the page whose turn it is.
    error WrongPayees(uint256 settlementId);

    // ---- Operators

    /// @notice The caller answers, as the operator, under these terms from now on, or no longer. It stakes in `IStakes`; a part
    ///         is locked while it has sessions.
    function serve(bytes32 termsHash, bool on) external;

    /// @notice Pays for answers that the payer signed for, and attributes them. By the operator; what it posted already, anyone may
    ///         settle with the payer's signature. The signature may be empty if the payer itself calls.
    /// @param signature Over `IDivision.voucherDigest` of the chain's new end: ECDSA, or EIP-1271.
    function settle(uint256 sessionId, Answer[] calldata answers, bytes calldata signature)
        external
        returns (uint256 settlementId);

    /// @notice Answers without the payer's signature, at most at the price each. One batch waits at a time.
    function post(uint256 sessionId, Answer[] calldata answers) external;

    /// @notice Pays for what was posted, when nobody contested it in time or the case was lost. Anyone may call it.
    function finalize(uint256 sessionId) external returns (uint256 settlementId);

    /// @notice Pays the next page of those contributors of a settlement whose turn has not come. Anyone may call it.
    /// @param payees Data of the settlement's next `Carried` event: `abi.encode` of a `Payee[]`.
    /// @param rest Hash of the pages after it: from the last back, `keccak256(abi.encode(keccak256(data), rest))`, where the last
    ///        one's `rest` is zero.
    function carry(uint256 settlementId, bytes calldata payees, bytes32 rest) external;

    /// @notice Lets go of the operator's stake, when nobody can dispute any more. Anyone may call it.
    function close(uint256 sessionId) external;

    // ---- Payers

    /// @notice Opens a session; the value is its escrow, at least the price times `maxAnswers`.
    /// @param prompt The first prompt, for everybody to read, or nothing.
    function open(Opening calldata opening, bytes calldata prompt) external payable returns (uint256 sessionId);

    /// @notice Ends a session and gives back what is left: after its deadline by anyone, before it by the operator; not while
    ///         something is posted.
    function refund(uint256 sessionId) external returns (uint256 amount);

    // ---- Anyone

    /// @notice Lets jurors decide about an answer. The value is the juries' fee and a bond, which who was wrong loses to who was right.
    ///         - `NoAnswer`: the payer contests what was posted, whose first answer is `index`, within `contestSeconds`. Upheld:
    ///           everything that is left of the escrow, and half of the operator's penalty, are the payer's.
    ///         - `WrongAnswer`, `WrongSketch`: anyone recomputed and found another, until the session is closed. Upheld: half of
    ///           the penalty goes in equal parts to the payer and the caller; of what is not settled yet, the payment to the payer.
    /// @param evidence For the jurors: the prompt, and why.
    function dispute(uint256 sessionId, uint32 index, Dispute kind, bytes calldata evidence)
        external
        payable
        returns (uint256 caseId);

    /// @notice Shows the operator's signed promise to answer a prompt as the session's `index`-th, after the session is over, when
    ///         another prompt was answered there, or none. Half of the penalty is the payer's.
    /// @param signature The operator's key's, over `IDivision.receiptDigest`: a contract (EIP-1271) could take its word back, so it
    ///        gives no receipts.
    /// @param before `h(index - 1)`.
    /// @param links The answers from `index` on to the chain's end; none if it ends before.
    function showReceipt(
        uint256 sessionId,
        uint32 index,
        bytes32 promptHash,
        bytes calldata signature,
        bytes32 before,
        Link[] calldata links
    ) external;

    // ---- Views

    /// @notice How many sessions were opened; they are numbered from 1.
    function sessionCount() external view returns (uint256);
    /// @notice A session as it stands.
    function sessionInfo(uint256 sessionId) external view returns (Session memory);
    /// @notice What the operator has posted and is not paid for yet.
    function pendingOf(uint256 sessionId) external view returns (Pending memory);
    /// @notice What a case is about, by its number at Juries.
    function caseOf(uint256 caseId) external view returns (Case memory);
    /// @notice What `carry` still has to pay of a settlement, wei, and the hash of the pages that wait, as `carry` takes it.
    function carriedOf(uint256 settlementId) external view returns (uint256 amount, bytes32 payeesHash);
    /// @notice Whether an operator answers under these terms.
    function serves(address operator, bytes32 termsHash) external view returns (bool);
    /// @notice How many sessions keep the operator's stake locked.
    function openSessions(address operator) external view returns (uint256);
}
