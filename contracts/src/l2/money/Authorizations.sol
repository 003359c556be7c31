// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Signatures} from "./Signatures.sol";

/// @title Authorizations
/// @notice A token's allowances and transfers by signature: EIP-2612 (`permit`) and EIP-3009 (`transferWithAuthorization` and
///         its kin), each as (v, r, s) and as bytes, the two forms that USDC has and that HTTP payment clients use. Either
///         may be the signature of a key or, by EIP-1271, of a contract.
/// @dev The domain (EIP-5267) has the chain's id and the token's address, whatever they were when the code was made.
abstract contract Authorizations is EIP712 {
    /// @notice Of EIP-2612.
    // solhint-disable func-name-mixedcase
    bytes32 public constant PERMIT_TYPEHASH =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
    /// @notice Of EIP-3009.
    bytes32 public constant TRANSFER_WITH_AUTHORIZATION_TYPEHASH = keccak256(
        "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    /// @notice Of EIP-3009.
    bytes32 public constant RECEIVE_WITH_AUTHORIZATION_TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    /// @notice Of EIP-3009.
    bytes32 public constant CANCEL_AUTHORIZATION_TYPEHASH =
        keccak256("CancelAuthorization(address authorizer,bytes32 nonce)");

    /// @notice Of the next permit of an owner.
    mapping(address owner => uint256) public nonces;

    /// @notice Whether an authorization was used or cancelled. Its nonce is any 32 bytes, so they come in any order.
    mapping(address authorizer => mapping(bytes32 nonce => bool)) public authorizationState;

    event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce);
    event AuthorizationCanceled(address indexed authorizer, bytes32 indexed nonce);

    /// @notice The permit's time is over.
    error PermitExpired(uint256 deadline);
    /// @notice The authorization is valid only after, and only before, these times (seconds).
    error AuthorizationNotValid(uint256 validAfter, uint256 validBefore);
    error AuthorizationUsedOrCanceled(address authorizer, bytes32 nonce);
    /// @notice The signer signed something else, or with a signature that has a twin.
    error InvalidSignature(address signer);
    /// @notice Only its recipient uses a ReceiveWithAuthorization: nobody can spend it ahead of a contract that acts on it.
    error NotRecipient(address to, address caller);

    /// @notice Of the signing domain.
    function version() external view returns (string memory) {
        return _EIP712Version();
    }

    /// @notice Of the signing domain, now.
    function DOMAIN_SEPARATOR() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    // ---- EIP-2612

    /// @notice The same with the signature of a key.
    function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
    {
        permit(owner, spender, value, deadline, abi.encodePacked(r, s, v));
    }

    /// @notice Sets the allowance that `owner` signed for. Anyone may call it.
    function permit(address owner, address spender, uint256 value, uint256 deadline, bytes memory signature) public {
        if (block.timestamp > deadline) revert PermitExpired(deadline);
        bytes32 permitHash = keccak256(abi.encode(PERMIT_TYPEHASH, owner, spender, value, nonces[owner]++, deadline));
        _checkSignature(owner, permitHash, signature);
        _approve(owner, spender, value);
    }

    // ---- EIP-3009

    /// @notice The same with the signature of a key.
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        transferWithAuthorization(from, to, value, validAfter, validBefore, nonce, abi.encodePacked(r, s, v));
    }

    /// @notice Transfers what `from` signed for. Anyone may call it.
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes memory signature
    ) public {
        _checkTime(validAfter, validBefore);
        _use(from, nonce);
        bytes32 typeHash = TRANSFER_WITH_AUTHORIZATION_TYPEHASH;
        bytes32 structHash = keccak256(abi.encode(typeHash, from, to, value, validAfter, validBefore, nonce));
        _checkSignature(from, structHash, signature);
        _transfer(from, to, value);
    }

    /// @notice The same with the signature of a key.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        receiveWithAuthorization(from, to, value, validAfter, validBefore, nonce, abi.encodePacked(r, s, v));
    }

    /// @notice The same, for contracts that act on what they receive: only `to` may call it.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes memory signature
    ) public {
        if (to != msg.sender) revert NotRecipient(to, msg.sender);
        _checkTime(validAfter, validBefore);
        _use(from, nonce);
        bytes32 typeHash = RECEIVE_WITH_AUTHORIZATION_TYPEHASH;
        bytes32 structHash = keccak256(abi.encode(typeHash, from, to, value, validAfter, validBefore, nonce));
        _checkSignature(from, structHash, signature);
        _transfer(from, to, value);
    }

    /// @notice The same with the signature of a key.
    function cancelAuthorization(address authorizer, bytes32 nonce, uint8 v, bytes32 r, bytes32 s) external {
        cancelAuthorization(authorizer, nonce, abi.encodePacked(r, s, v));
    }

    /// @notice Makes an authorization that was not used useless.
    function cancelAuthorization(address authorizer, bytes32 nonce, bytes memory signature) public {
        _spendNonce(authorizer, nonce);
        bytes32 structHash = keccak256(abi.encode(CANCEL_AUTHORIZATION_TYPEHASH, authorizer, nonce));
        _checkSignature(authorizer, structHash, signature);
        emit AuthorizationCanceled(authorizer, nonce);
    }

    // ---- The token

    function _approve(address owner, address spender, uint256 value) internal virtual;
    function _transfer(address from, address to, uint256 value) internal virtual;

    function _checkTime(uint256 validAfter, uint256 validBefore) private view {
        if (block.timestamp <= validAfter || block.timestamp >= validBefore) {
            revert AuthorizationNotValid(validAfter, validBefore);
        }
    }

    function _use(address authorizer, bytes32 nonce) private {
        _spendNonce(authorizer, nonce);
        emit AuthorizationUsed(authorizer, nonce);
    }

    function _spendNonce(address authorizer, bytes32 nonce) private {
        if (authorizationState[authorizer][nonce]) revert AuthorizationUsedOrCanceled(authorizer, nonce);
        authorizationState[authorizer][nonce] = true;
    }

    function _checkSignature(address signer, bytes32 structHash, bytes memory signature) private view {
        if (!Signatures.isValid(signer, _hashTypedDataV4(structHash), signature)) revert InvalidSignature(signer);
    }
}
