// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title ICommons
/// @notice Money of a datanet that nobody earned, paid out over past credits. Predeploy 0x00000000000000000000000000000000000A7715.
/// @dev Money of an epoch is divided among the credits of that epoch by their weights, once it is over. A credit draws at most
///      the protocol fee that its payment bore, from its datanet's money and from that of all datanets (datanet 0) together,
///      so that whoever pays itself gains nothing. What that leaves over, and the money of an epoch without credits, is
///      divided in a later epoch.
interface ICommons {
    struct Credit {
        address account;
        /// What the account was paid as a contributor.
        uint256 weight;
        /// The protocol fee that the account's part of the payment bore: most that this credit draws.
        uint256 cap;
    }

    event Added(uint256 indexed datanetId, uint256 amount);
    /// @notice An account's credits of an epoch have grown by this.
    event Recorded(
        uint256 indexed datanetId, uint64 indexed epoch, address indexed account, uint256 weight, uint256 cap
    );
    /// @notice The account's part of the epoch's money was `paid + left`; `left` is the datanet's again.
    event Drawn(uint256 indexed datanetId, uint64 indexed epoch, address indexed account, uint256 paid, uint256 left);
    event EpochBegun(uint64 indexed epoch, uint64 start, uint64 length);

    /// @notice Only Inference adds and credits, and FeeDistributor adds.
    error NotModule(address caller);
    /// @notice Less than `amount` is here in Payouts that no datanet has.
    error NotMoved(uint256 spare, uint256 amount);
    /// @notice Credits are those of a datanet; 0 is all of them.
    error NoDatanet();
    /// @notice The epoch is not over, or not begun.
    error EpochNotOver(uint64 epoch, uint64 current);
    /// @notice The account has no credits in this epoch, or drew what they bring.
    error NothingToDraw(uint256 datanetId, uint64 epoch, address account);

    /// @notice `amount` was moved here in Payouts, for this datanet; 0 for all of them.
    function add(uint256 datanetId, uint256 amount) external;

    /// @notice Records, in the epoch of now, who was paid.
    function credit(uint256 datanetId, Credit[] calldata credits) external;

    /// @notice Gives datanet 0 what somebody moved here in Payouts for no datanet. Anyone may call it.
    function sweep() external returns (uint256 amount);

    /// @notice What the account's credits of an epoch that is over bring is owed to it in Payouts from now on. Anyone may
    ///         call it for anyone, in any order and at any time later: all of it is the account's all the same.
    function draw(uint256 datanetId, uint64 epoch, address account) external returns (uint256 paid);

    /// @return epoch Number of the epoch of now; the first is 1.
    /// @return start When it began (seconds).
    /// @return length How long it is, whatever governance decides meanwhile; the next will be as long as is decided by then.
    function epochNow() external view returns (uint64 epoch, uint64 start, uint64 length);

    /// @return money Wei of the datanet that are for credits of this epoch and not drawn yet.
    /// @return weight Sum of the weights of the accounts that have not drawn yet.
    function potOf(uint256 datanetId, uint64 epoch) external view returns (uint256 money, uint256 weight);

    /// @return weight Of the account's credits that were not drawn yet; of datanet 0, in all datanets.
    /// @return cap Most that they can draw: of datanet 0, what other draws of this epoch have left of all caps.
    function creditOf(uint256 datanetId, uint64 epoch, address account)
        external
        view
        returns (uint256 weight, uint256 cap);

    /// @notice Wei that datanets have here; as much is this contract's escrow in Payouts, or more until it is swept.
    function held() external view returns (uint256);
}
