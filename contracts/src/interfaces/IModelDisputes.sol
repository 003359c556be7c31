// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title IModelDisputes
/// @notice Sketches of models, and disputes about models. At the address of `IModels`.
interface IModelDisputes {
    /// @notice What a dispute is about.
    enum Dispute {
        Sketch,
        Claim
    }

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
    /// @notice Number `number` of the model's sketches is that contributor of the datanet.
    event SketchContributor(
        uint256 indexed modelId, uint32 indexed number, uint256 indexed datanetId, uint32 contributor
    );
    /// @notice The sketch of a row whose author was found to be another is that author's, number `number`.
    event SketchReassigned(
        uint256 indexed modelId,
        uint256 indexed setId,
        uint256 indexed datanetId,
        uint64 row,
        uint64 setRow,
        uint32 number
    );
    event SketchChallenged(
        uint256 indexed caseId,
        uint256 indexed setId,
        uint256 indexed datanetId,
        uint64 row,
        uint64 setRow,
        bytes sketch
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
    /// @notice The sketch is that of the row's author of now already.
    error NothingChanged(uint256 setId, uint256 datanetId, uint64 row);
    error UnknownNumber(uint256 modelId, uint32 number);

    error FeeTooSmall(uint256 fee, uint256 sent);
    error NotJuries(address caller);
    error UnknownDispute(uint256 caseId);

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

    /// @notice The sketch of a row becomes that of the row's author of now, where a dispute found another since; it reverts where
    ///         none did. Anyone may call it. It counts for every version, as the store's reassignments do.
    function followAuthor(uint256 setId, uint256 datanetId, uint64 row) external;

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

    // ---- Views

    /// @return found Whether the set has a sketch for the datanet's row, in its row `setRow`.
    function sketchOf(uint256 setId, uint256 datanetId, uint64 row) external view returns (bool found, uint64 setRow);
}
