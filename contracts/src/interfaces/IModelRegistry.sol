// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDatanets} from "./IDatanets.sol";
import {IModels} from "./IModels.sol";

/// @title IModelRegistry
/// @notice Models, their versions and what these were made from: what `Models` has beside `IModels`.
interface IModelRegistry {
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
        IModels.Source[] sources;
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
        /// Least that an edge to this version must carry. Times `lineageBps` it is the part of each payment that every model made
        /// from it must give its lineage, directly or through others.
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

    /// @notice No money is taken without a call that says what for.
    error MoneyNotTaken(uint256 value);
    /// @notice The part of the contract that stands there isn't there.
    error NoCode(address part);
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
    /// @notice The parent asks for more of each payment, in units of 10⁻⁸, than the model's part for its lineage and the edge carry.
    error LineageTooSmall(uint256 parentId, uint32 version, uint256 offered, uint256 asked);
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
    /// @notice The bond is what it must be for versions that take requests, for a while longer, and while it is disputed.
    error BondInUse(uint256 modelId, address trainer);
    error NothingBonded(uint256 modelId, address trainer);
    // ---- Registering

    /// @notice A model of the caller's, still without a version.
    function create(string calldata name, string calldata metadata) external returns (uint256 modelId);

    /// @notice The model's next version, by its owner, who is bonded for it and is its trainer. Only the newest takes requests,
    ///         so that a change of price is a version of its own, and no request meets terms that it did not see.
    function registerVersion(uint256 modelId, Registration calldata registration) external returns (uint32 version);

    /// @notice Offers the model to `to`, or takes the offer back with the zero address.
    function offerOwnership(uint256 modelId, address to) external;
    /// @notice Takes a model that was offered to the caller.
    function acceptOwnership(uint256 modelId) external;

    /// @notice The model takes no new requests: by its owner, or by the trainer of its newest version.
    function deprecate(uint256 modelId) external;

    /// @notice It does again: by its owner, if it trained the newest version, and bonded anew if need be.
    function reactivate(uint256 modelId) external;

    /// @notice Unlocks the caller's bond: some time after its last version took requests, and when nothing is disputed.
    function releaseBond(uint256 modelId) external returns (uint256 amount);

    // ---- The graph

    /// @notice How many models there are; they are numbered from 1.
    function modelCount() external view returns (uint256);
    /// @notice A model's owner, and whom it is offered to.
    function ownerOf(uint256 modelId) external view returns (address owner, address offeredTo);
    /// @notice What a version is made of and answers under.
    function facts(uint256 modelId, uint32 version) external view returns (Facts memory);
    /// @notice A version's parents, as they were registered.
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
}
