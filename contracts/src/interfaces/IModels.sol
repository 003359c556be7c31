// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDatanets} from "./IDatanets.sol";

/// @title IModels
/// @notice What inference and the index ask of models. Predeploy 0x00000000000000000000000000000000000a7714.
interface IModels {
    /// @notice What a parent is to a model that was made from it.
    enum Relation {
        /// Its weights were the start of the training.
        Base,
        /// Its weights are added to those of the base.
        Adapter
    }

    /// @notice A version of a model that another was made from.
    struct Parent {
        uint128 modelId;
        uint32 version;
        /// The part of what the model's lineage is paid that flows to the parent's, basis points.
        uint16 royaltyBps;
        Relation relation;
    }

    /// @notice What is said of a version when it is registered; none of it ever changes.
    struct Registration {
        /// At most 16, ascending by model.
        Parent[] parents;
        /// At most 16, ascending by datanet; their weights sum to 10,000.
        Source[] sources;
        /// What those who build on the model must keep to, beside what the model itself must.
        IDatanets.Licence licence;
        /// Keccak-256 of the weights, of the training's manifest and of the published metrics.
        bytes32 weightsHash;
        bytes32 manifestHash;
        bytes32 metricsHash;
        /// Where weights, manifest and metrics are published.
        string uri;
        address operator;
        uint128 price;
        uint16 contributorBps;
        uint16 lineageBps;
        /// Least that an edge to this version must carry.
        uint16 royaltyBps;
        uint16 sketchBps;
        uint32 answerSeconds;
        bool deterministic;
        /// 0 for none, and then nothing is attributed by sketches.
        uint64 sketchSetId;
        /// What the sketch set's commitment hides: the seed of the projection and the hash of the whitening.
        bytes32 seed;
        bytes32 whiteningHash;
    }

    /// @notice A version, as far as it is not its terms.
    struct Facts {
        /// Who registered it and is bonded for it.
        address trainer;
        uint64 registeredAt;
        /// Edges on the longest way to a model without parents.
        uint8 depth;
        /// Least that an edge to this version must carry.
        uint16 royaltyBps;
        /// A dispute about it was upheld: it takes no requests and has no new children.
        bool struck;
        /// What has to be locked for it to take requests, wei.
        uint256 bond;
        bytes32 weightsHash;
        bytes32 manifestHash;
        bytes32 metricsHash;
        IDatanets.Licence licence;
    }

    /// @notice Which term of a licence a model breaks.
    enum Term {
        /// Nothing may be trained on it, or made from it.
        MayTrain,
        /// It is not for sale, and the model's price isn't zero.
        Commercial,
        /// What is made from it must be share-alike.
        ShareAlike,
        /// Contributors get less than they must.
        MinContributorBps,
        /// Lineage and operator may take more than they may.
        MaxRoyaltyBps,
        /// A datanet with a least part for contributors answers for the parent, and must for the model.
        Answers
    }

    /// @notice What a dispute is about.
    enum Dispute {
        Sketch,
        Claim
    }

    event ModelCreated(uint256 indexed modelId, address indexed owner, string name, string metadata);
    event VersionRegistered(
        uint256 indexed modelId,
        uint32 indexed version,
        address indexed trainer,
        uint64 sketchVersion,
        uint256 bond,
        Registration registration
    );
    /// @notice An edge of the graph: what `royaltyBps` of the child's lineage is paid flows to the parent's.
    event Derived(
        uint256 indexed parentId,
        uint32 parentVersion,
        uint256 indexed modelId,
        uint32 version,
        uint16 royaltyBps,
        Relation relation
    );
    /// @notice Who is paid for a version's lineage: `modelIds` are paid to their owners of the moment.
    event LineageFixed(uint256 indexed modelId, uint32 indexed version, uint256[] modelIds, uint256[] parts);
    event OwnershipOffered(uint256 indexed modelId, address indexed owner, address indexed to);
    event OwnerChanged(uint256 indexed modelId, address indexed previous, address indexed current);
    event Deprecated(uint256 indexed modelId, uint32 indexed version, address by);
    event Reactivated(uint256 indexed modelId, uint32 indexed version);
    event BondLocked(uint256 indexed modelId, address indexed trainer, uint256 added, uint256 amount);
    event BondReleased(uint256 indexed modelId, address indexed trainer, uint256 amount);
    event SketchSetCreated(
        uint256 indexed modelId,
        uint256 indexed setId,
        address indexed trainer,
        uint16 dim,
        uint8 minExponent,
        uint8 maxExponent,
        bytes32 commitment
    );
    /// @notice Row `firstRow + i` of the set stands for row `rows[i]` of the datanet; `numbers[i]` is its contributor's
    ///         number in the set.
    event SketchesAppended(
        uint256 indexed modelId,
        uint256 indexed setId,
        uint256 indexed datanetId,
        uint32 releaseId,
        uint64 firstRow,
        uint64[] rows,
        uint32[] numbers
    );
    /// @notice Number `number` of the model's sketches is that contributor of the datanet, as its release has it.
    event SketchContributor(
        uint256 indexed modelId, uint32 indexed number, uint256 indexed datanetId, uint32 releaseId, uint32 contributor
    );
    event SketchChallenged(
        uint256 indexed caseId, uint256 indexed setId, uint256 indexed datanetId, uint64 row, uint64 setRow, bytes sketch
    );
    event Challenged(
        uint256 indexed caseId,
        uint256 indexed modelId,
        uint32 indexed version,
        Dispute dispute,
        address challenger,
        address trainer,
        uint256 bond,
        bytes32 evidence
    );
    /// @notice A dispute is final. `taken` is what the side that was wrong lost.
    event DisputeClosed(uint256 indexed caseId, bool upheld, uint256 taken);

    /// @notice There is no model of this id.
    error UnknownModel(uint256 modelId);
    error UnknownVersion(uint256 modelId, uint32 version);
    error NotOwner(uint256 modelId, address caller);
    /// @notice The model was not offered to the caller.
    error NotOffered(uint256 modelId, address caller);
    /// @notice The caller did not register the model's newest version, or is not bonded for the set.
    error NotTrainer(uint256 modelId, address caller);
    /// @notice A dispute about the version, or about its weights, manifest, metrics or sketches, was upheld.
    error Struck(uint256 modelId, uint32 version);
    error AlreadyDeprecated(uint256 modelId);
    error NotDeprecated(uint256 modelId);

    error ZeroOperator();
    error ZeroHash();
    error TooManyParents(uint256 parents);
    /// @notice Parents ascend by model, so that none counts twice.
    error ParentsNotAscending(uint256 index);
    error TooDeep(uint256 parentId, uint32 version);
    /// @notice The lineage names more models than one payment can be divided among.
    error LineageTooWide(uint256 most);
    /// @notice The parent asks for more than the edge carries.
    error RoyaltyTooSmall(uint256 parentId, uint32 version, uint16 offered, uint16 asked);
    /// @notice Parts of the same whole that sum to more than all of it.
    error TooManyShares(uint256 sum);
    error TooManySources(uint256 sources);
    /// @notice Sources ascend by datanet, so that none counts twice.
    error SourcesNotAscending(uint256 index);
    error UnknownRelease(uint256 datanetId, uint32 releaseId);
    /// @notice Weights are at least 1 and sum to 10,000; without sources contributors get nothing.
    error InvalidWeights(uint256 sum);
    error InvalidAnswerTime(uint32 answerSeconds);
    /// @notice The model's terms break a datanet's licence.
    error LicenceBroken(uint256 datanetId, Term term);
    /// @notice The model's terms break a parent's effective terms.
    error ParentLicenceBroken(uint256 parentId, uint32 version, Term term);
    /// @notice These weights are that model's, which is not among the parents.
    error WeightsKnown(uint256 modelId, uint32 version);
    /// @notice The same weights were made from something else before.
    error OriginsDiffer(uint256 modelId, uint32 version);

    /// @notice The set isn't one of the model's.
    error UnknownSketchSet(uint256 modelId, uint256 setId);
    /// @notice A version uses the set, which takes no more rows.
    error SketchesFrozen(uint256 setId);
    error EmptySketchSet(uint256 setId);
    /// @notice Whether a version has a sketch set and whether anything is attributed by sketches go together.
    error SketchesUnused(uint256 setId, uint16 sketchBps);
    /// @notice The commitment is not to this seed, whitening and manifest.
    error WrongSketchCommitment(uint256 setId);
    /// @notice The set's sketches are of a release that doesn't answer for the version.
    error SketchOfOtherRelease(uint256 datanetId, uint32 releaseId);
    error RowNotInRelease(uint256 datanetId, uint32 releaseId, uint64 row);
    /// @notice A row of a datanet has one sketch in a set.
    error DuplicateSketch(uint256 setId, uint256 datanetId, uint64 row);
    error UnknownSketch(uint256 setId, uint256 datanetId, uint64 row);
    /// @notice Not as many bytes as there are rows, or a row that no set holds.
    error InvalidSketch();
    /// @notice The sketches agree: cosine² is at least .99 and the lengths are alike.
    error SketchesAgree();
    error UnknownNumber(uint256 modelId, uint32 number);

    /// @notice The bond is what it must be for versions that take requests, for a while longer, and while it is disputed.
    error BondInUse(uint256 modelId, address trainer);
    error NothingBonded(uint256 modelId, address trainer);
    error FeeTooSmall(uint256 fee, uint256 sent);
    error NotJuries(address caller);
    error UnknownDispute(uint256 caseId);

    /// @notice A datanet's release that answers for a model, with its part of what is attributed by text.
    struct Source {
        uint256 datanetId;
        uint32 releaseId;
        uint16 weightBps;
    }

    /// @notice What a request is made under. Parts are basis points of a payment; what no part names is the operator's.
    struct Terms {
        address operator;
        /// Least payment for one answer, wei.
        uint256 price;
        /// For contributors, together.
        uint16 contributorBps;
        /// For the owners of the model and of those that it was made from (`lineage`).
        uint16 lineageBps;
        /// The part of the contributors' that is attributed by sketches, basis points of it; the rest by text.
        uint16 sketchBps;
        /// The sketch set that answers for the model, 0 for none, and its version.
        uint256 sketchSetId;
        uint64 sketchVersion;
        /// Time to answer, at most 7 days.
        uint64 answerSeconds;
        /// Whether an answer can be computed again by anyone from what is published.
        bool deterministic;
    }

    /// @notice Versions of a model count from 1. Reverts for one that does not exist.
    function terms(uint256 modelId, uint32 version) external view returns (Terms memory, Source[] memory);

    /// @notice keccak256(abi.encode(modelId, version, terms, sources)): what a requester agrees to.
    function termsHash(uint256 modelId, uint32 version) external view returns (bytes32);

    /// @notice The newest version, and whether the model takes new requests.
    function latest(uint256 modelId) external view returns (uint32 version, bool active);

    /// @notice Who gets what of the lineage's part, in units of 10⁻⁹ of it; they sum to 10⁹.
    function lineage(uint256 modelId, uint32 version)
        external
        view
        returns (address[] memory accounts, uint256[] memory parts);

    /// @notice A sketch set's contributors: each number stands for a contributor of a datanet.
    function sketchContributors(uint256 modelId, uint32[] calldata numbers)
        external
        view
        returns (uint256[] memory datanetIds, address[] memory accounts);

    // ---- Registering

    /// @notice A model of the caller's, still without a version.
    function create(string calldata name, string calldata metadata) external returns (uint256 modelId);

    /// @notice The model's next version, by its owner, who is bonded for it and is its trainer. Only the newest takes requests,
    ///         so that a change of price is a version of its own, and no request meets terms that it did not see.
    function registerVersion(uint256 modelId, Registration calldata registration) external returns (uint32 version);

    /// @notice `create` and `registerVersion` at once.
    function register(string calldata name, string calldata metadata, Registration calldata registration)
        external
        returns (uint256 modelId);

    /// @notice Offers the model to `to`, or takes the offer back with the zero address.
    function offerOwnership(uint256 modelId, address to) external;
    function acceptOwnership(uint256 modelId) external;

    /// @notice The model takes no new requests: by its owner, or by the trainer of its newest version.
    function deprecate(uint256 modelId) external;

    /// @notice It does again: by its owner, if it trained the newest version, and bonded anew if need be.
    function reactivate(uint256 modelId) external;

    /// @notice Unlocks the caller's bond: some time after its last version took requests, and when nothing is disputed.
    function releaseBond(uint256 modelId) external returns (uint256 amount);

    // ---- Sketches

    /// @notice A set for a next version's sketches, by the model's owner, who is bonded for it.
    /// @param commitment keccak256(abi.encode(seed, whiteningHash, manifestHash)), which the version will show.
    function createSketchSet(uint256 modelId, uint16 dim, uint8 minExponent, uint8 maxExponent, bytes32 commitment)
        external
        returns (uint256 setId);

    /// @notice Appends the sketches of rows of a datanet's release, by the set's trainer.
    /// @param payload For each row an exponent and `dim` values, as the store takes them.
    function appendSketches(
        uint256 setId,
        uint256 datanetId,
        uint32 releaseId,
        uint64[] calldata rows,
        bytes calldata payload
    ) external;

    // ---- Disputes

    /// @notice Says that a sketch is not what anyone computes from the version's manifest, and what it should be. Jurors
    ///         recompute. The value is the jury's fee; what is more is staked for the caller, whose bond is taken from its stake.
    /// @param sketch An exponent and `dim` values.
    function challengeSketch(uint256 modelId, uint32 version, uint256 datanetId, uint64 row, bytes calldata sketch)
        external
        payable
        returns (uint256 caseId);

    /// @notice Says that what a version says of itself (weights, manifest, metrics, lineage) is not so, by evidence that is
    ///         published under its hash.
    function challenge(uint256 modelId, uint32 version, bytes32 evidence) external payable returns (uint256 caseId);

    // ---- The graph

    function modelCount() external view returns (uint256);
    function ownerOf(uint256 modelId) external view returns (address owner, address offeredTo);
    function facts(uint256 modelId, uint32 version) external view returns (Facts memory);
    function parents(uint256 modelId, uint32 version) external view returns (Parent[] memory);

    /// @notice Up to `most` of the versions that were made from the model, from the `from`-th on, in order of registration.
    function children(uint256 modelId, uint256 from, uint256 most)
        external
        view
        returns (uint256[] memory modelIds, uint32[] memory versions);

    /// @notice The strictest of a version's own licence and those of all it was made from; `text` is its own.
    function effectiveTerms(uint256 modelId, uint32 version) external view returns (IDatanets.Licence memory);

    /// @notice The version that first had these weights; zero for none.
    function firstWith(bytes32 weightsHash) external view returns (uint256 modelId, uint32 version);

    /// @return amount What is locked for the trainer's versions of the model.
    /// @return disputes How many are open.
    /// @return releasable When it can be released, seconds; 0 while a version of the trainer takes requests.
    function bondOf(uint256 modelId, address trainer)
        external
        view
        returns (uint256 amount, uint32 disputes, uint64 releasable);

    /// @return found Whether the set has a sketch for the datanet's row, in its row `setRow`.
    function sketchOf(uint256 setId, uint256 datanetId, uint64 row) external view returns (bool found, uint64 setRow);
}
