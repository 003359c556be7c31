// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Predeploys} from "../../src/l2/Predeploys.sol";
import {Authorizations} from "../../src/l2/money/Authorizations.sol";
import {MoneyTest, Rejecter, Wallet} from "./Money.sol";

/// @notice EIP-2612 and EIP-3009 of WOPEN, in both forms of a signature.
contract AuthorizationsTest is MoneyTest {
    uint256 private constant KEY = 0xA11CE;
    address private constant BOB = address(0xB0B);
    bytes32 private constant NONCE = keccak256("a nonce");

    address private alice;

    /// @dev What of an authorization tests change.
    struct Auth {
        bytes32 kind;
        address from;
        address to;
        uint256 value;
        uint256 validAfter;
        uint256 validBefore;
        bytes32 nonce;
    }

    function setUp() public {
        deployMoney();
        alice = vm.addr(KEY);
        vm.deal(alice, 10 ether);
        vm.prank(alice);
        wopen.deposit{value: 10 ether}();
    }

    function test_TheTypesAreThoseOfTheStandards() public view {
        vm.assertEq(
            wopen.PERMIT_TYPEHASH(), 0x6e71edae12b1b97f4d1f60370fef10105fa2faae0126114a169c64845d6126c9, "permit"
        );
        vm.assertEq(
            wopen.TRANSFER_WITH_AUTHORIZATION_TYPEHASH(),
            0x7c7c6cdb67a18743f49ec6fa9b35f50d52ed05cbed4cc592e13b44501c1a2267,
            "transfer"
        );
        vm.assertEq(
            wopen.RECEIVE_WITH_AUTHORIZATION_TYPEHASH(),
            0xd099cc98ef71107a616c4f0f941f04c322d8e254fe26b3c6668db87aae413de8,
            "receive"
        );
        vm.assertEq(
            wopen.CANCEL_AUTHORIZATION_TYPEHASH(),
            0x158b0a9edf7a828aad02f63cd515c68ef2f50ba807396f6d12842833a1597429,
            "cancel"
        );
    }

    function test_TheDomainIsThatOfThisChainAndAddress() public {
        (bytes1 fields, string memory name, string memory version, uint256 chain, address at,,) = wopen.eip712Domain();
        vm.assertEq(bytes32(fields), bytes32(bytes1(0x0f)), "fields");
        vm.assertEq(name, "Wrapped OPEN", "name");
        vm.assertEq(version, "1", "version");
        vm.assertEq(chain, block.chainid, "chain");
        vm.assertEq(at, Predeploys.WRAPPED_OPEN, "address");
        vm.assertEq(wopen.DOMAIN_SEPARATOR(), domainOf("Wrapped OPEN", block.chainid, at), "here");
        vm.chainId(77);
        vm.assertEq(wopen.DOMAIN_SEPARATOR(), domainOf("Wrapped OPEN", 77, at), "elsewhere");
    }

    // ---- EIP-2612

    function test_APermitIsAnAllowance() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, permitDigest(alice, 5, 0, START));
        wopen.permit(alice, BOB, 5, START, v, r, s);
        vm.assertEq(wopen.allowance(alice, BOB), 5, "allowance");
        wopen.permit(alice, BOB, 7, START, signed(KEY, permitDigest(alice, 7, 1, START)));
        vm.assertEq(wopen.allowance(alice, BOB), 7, "in bytes");
        vm.assertEq(wopen.nonces(alice), 2, "nonce");
    }

    function test_AContractPermitsByEip1271AndADelegatedAccountByItsKey() public {
        Wallet wallet = new Wallet(alice);
        wopen.permit(address(wallet), BOB, 5, START, signed(KEY, permitDigest(address(wallet), 5, 0, START)));
        vm.assertEq(wopen.allowance(address(wallet), BOB), 5, "wallet");
        vm.etch(alice, abi.encodePacked(hex"ef0100", address(new Rejecter())));
        wopen.permit(alice, BOB, 5, START, signed(KEY, permitDigest(alice, 5, 0, START)));
        vm.assertEq(wopen.allowance(alice, BOB), 5, "delegated");
    }

    function test_APermitIsUsedOnceAndInTime() public {
        bytes memory signature = signed(KEY, permitDigest(alice, 5, 0, START));
        wopen.permit(alice, BOB, 5, START, signature);
        refusedPermit(alice, signature);
        signature = signed(KEY, permitDigest(alice, 5, 1, START));
        vm.warp(START + 1);
        vm.expectRevert(abi.encodeWithSelector(Authorizations.PermitExpired.selector, START));
        wopen.permit(alice, BOB, 5, START, signature);
    }

    function test_AForeignOrMalleablePermitIsNone() public {
        bytes memory signature = signed(KEY, permitDigest(alice, 5, 0, START));
        refusedPermit(alice, twin(signature));
        refusedPermit(alice, signed(0xBAD, permitDigest(alice, 5, 0, START)));
        refusedPermit(alice, signed(KEY, permitDigest(alice, 6, 0, START)));
        refusedPermit(address(0), new bytes(65));
        vm.chainId(77);
        refusedPermit(alice, signature);
    }

    // ---- EIP-3009

    function test_AnAuthorizationTransfers() public {
        Auth memory auth = authorization(wopen.TRANSFER_WITH_AUTHORIZATION_TYPEHASH());
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, digest(auth));
        vm.expectEmit(Predeploys.WRAPPED_OPEN);
        emit Authorizations.AuthorizationUsed(alice, NONCE);
        wopen.transferWithAuthorization(alice, BOB, 1 ether, START - 1, START + 1, NONCE, v, r, s);
        vm.assertEq(wopen.balanceOf(BOB), 1 ether, "moved");
        vm.assertTrue(wopen.authorizationState(alice, NONCE), "used");
    }

    function test_AnAuthorizationInBytesTransfers() public {
        transferAs(authorization(wopen.TRANSFER_WITH_AUTHORIZATION_TYPEHASH()), KEY);
        vm.assertEq(wopen.balanceOf(BOB), 1 ether, "moved");
    }

    function test_AContractAuthorizesByEip1271() public {
        Wallet wallet = new Wallet(alice);
        vm.prank(alice);
        wopen.transfer(address(wallet), 1 ether);
        Auth memory auth = authorization(wopen.TRANSFER_WITH_AUTHORIZATION_TYPEHASH());
        auth.from = address(wallet);
        transferAs(auth, KEY);
        vm.assertEq(wopen.balanceOf(BOB), 1 ether, "moved");
        auth.nonce = "2";
        bytes memory signature = signed(0xBAD, digest(auth));
        vm.expectRevert(abi.encodeWithSelector(Authorizations.InvalidSignature.selector, wallet));
        transfer(auth, signature);
    }

    function test_AnAuthorizationIsUsedOnceInAnyOrder() public {
        Auth memory auth = authorization(wopen.TRANSFER_WITH_AUTHORIZATION_TYPEHASH());
        transferAs(auth, KEY);
        bytes memory signature = signed(KEY, digest(auth));
        vm.expectRevert(abi.encodeWithSelector(Authorizations.AuthorizationUsedOrCanceled.selector, alice, NONCE));
        transfer(auth, signature);
        // The other kind has the same nonces.
        auth.kind = wopen.RECEIVE_WITH_AUTHORIZATION_TYPEHASH();
        signature = signed(KEY, digest(auth));
        vm.expectRevert(abi.encodeWithSelector(Authorizations.AuthorizationUsedOrCanceled.selector, alice, NONCE));
        receiveIt(auth, BOB, signature);
        auth.kind = wopen.TRANSFER_WITH_AUTHORIZATION_TYPEHASH();
        auth.nonce = "any";
        transferAs(auth, KEY);
        vm.assertEq(wopen.balanceOf(BOB), 2 ether, "moved");
    }

    function test_AnAuthorizationIsValidStrictlyBetweenItsTimes() public {
        Auth memory auth = authorization(wopen.TRANSFER_WITH_AUTHORIZATION_TYPEHASH());
        auth.validAfter = START;
        refusedInTime(auth);
        (auth.validAfter, auth.validBefore) = (0, START);
        refusedInTime(auth);
        auth.kind = wopen.RECEIVE_WITH_AUTHORIZATION_TYPEHASH();
        bytes memory signature = signed(KEY, digest(auth));
        vm.expectRevert(abi.encodeWithSelector(Authorizations.AuthorizationNotValid.selector, 0, START));
        receiveIt(auth, BOB, signature);
    }

    function test_AForeignOrMalleableAuthorizationIsNone() public {
        Auth memory auth = authorization(wopen.TRANSFER_WITH_AUTHORIZATION_TYPEHASH());
        bytes memory signature = signed(KEY, digest(auth));
        refused(auth, twin(signature));
        refused(auth, signed(0xBAD, digest(auth)));
        auth.value += 1;
        refused(auth, signature);
        auth.value -= 1;
        auth.to = address(0xEE);
        refused(auth, signature);
        auth.to = BOB;
        refused(auth, signed(KEY, digestOf(domainOf("Wrapped OPEN", 1, Predeploys.WRAPPED_OPEN), structHash(auth))));
        refused(auth, signed(KEY, digestOf(domainOf("Wrapped OPEN", block.chainid, BOB), structHash(auth))));
        auth.kind = wopen.RECEIVE_WITH_AUTHORIZATION_TYPEHASH();
        refused(auth, signed(KEY, digest(auth)));
        vm.assertTrue(!wopen.authorizationState(alice, NONCE), "and none of it used the nonce");
    }

    function test_AnAuthorizationOfMoreThanThereIsIsNotUsed() public {
        Auth memory auth = authorization(wopen.TRANSFER_WITH_AUTHORIZATION_TYPEHASH());
        auth.value = 11 ether;
        bytes memory signature = signed(KEY, digest(auth));
        vm.expectRevert();
        transfer(auth, signature);
        vm.assertTrue(!wopen.authorizationState(alice, NONCE), "not used");
    }

    function test_OnlyTheRecipientReceives() public {
        Auth memory auth = authorization(wopen.RECEIVE_WITH_AUTHORIZATION_TYPEHASH());
        bytes memory signature = signed(KEY, digest(auth));
        vm.expectRevert(abi.encodeWithSelector(Authorizations.NotRecipient.selector, BOB, address(0xEE)));
        receiveIt(auth, address(0xEE), signature);
        receiveIt(auth, BOB, signature);
        vm.assertEq(wopen.balanceOf(BOB), 1 ether, "moved");
        auth.nonce = "2";
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, digest(auth));
        vm.prank(BOB);
        wopen.receiveWithAuthorization(alice, BOB, 1 ether, START - 1, START + 1, "2", v, r, s);
        vm.assertEq(wopen.balanceOf(BOB), 2 ether, "with v, r, s");
    }

    function test_ACancelledAuthorizationIsUseless() public {
        bytes32 cancel = keccak256(abi.encode(wopen.CANCEL_AUTHORIZATION_TYPEHASH(), alice, NONCE));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, digestOf(domain(), cancel));
        vm.expectEmit(Predeploys.WRAPPED_OPEN);
        emit Authorizations.AuthorizationCanceled(alice, NONCE);
        wopen.cancelAuthorization(alice, NONCE, v, r, s);
        bytes memory used = abi.encodeWithSelector(Authorizations.AuthorizationUsedOrCanceled.selector, alice, NONCE);
        vm.expectRevert(used);
        wopen.cancelAuthorization(alice, NONCE, v, r, s);
        Auth memory auth = authorization(wopen.TRANSFER_WITH_AUTHORIZATION_TYPEHASH());
        bytes memory signature = signed(KEY, digest(auth));
        vm.expectRevert(used);
        transfer(auth, signature);
    }

    function test_NobodyElseCancels() public {
        bytes32 cancel = keccak256(abi.encode(wopen.CANCEL_AUTHORIZATION_TYPEHASH(), alice, NONCE));
        bytes memory signature = signed(0xBAD, digestOf(domain(), cancel));
        vm.expectRevert(abi.encodeWithSelector(Authorizations.InvalidSignature.selector, alice));
        wopen.cancelAuthorization(alice, NONCE, signature);
        vm.assertTrue(!wopen.authorizationState(alice, NONCE), "still there");
    }

    function testFuzz_OnlyTheSignerSigns(uint256 key, uint96 value, bytes32 nonce) public {
        key = key % 3 == 0 ? KEY : bound(key, 1, type(uint128).max);
        Auth memory auth = authorization(wopen.TRANSFER_WITH_AUTHORIZATION_TYPEHASH());
        (auth.value, auth.nonce) = (bound(value, 0, 10 ether), nonce);
        bytes memory signature = signed(key, digest(auth));
        if (key != KEY) vm.expectRevert(abi.encodeWithSelector(Authorizations.InvalidSignature.selector, alice));
        transfer(auth, signature);
        vm.assertEq(wopen.balanceOf(BOB), key == KEY ? auth.value : 0, "moved");
    }

    // ---- Helpers

    function authorization(bytes32 kind) private view returns (Auth memory) {
        return Auth(kind, alice, BOB, 1 ether, START - 1, START + 1, NONCE);
    }

    function transferAs(Auth memory auth, uint256 key) private {
        transfer(auth, signed(key, digest(auth)));
    }

    function transfer(Auth memory auth, bytes memory signature) private {
        wopen.transferWithAuthorization(
            auth.from, auth.to, auth.value, auth.validAfter, auth.validBefore, auth.nonce, signature
        );
    }

    function receiveIt(Auth memory auth, address caller, bytes memory signature) private {
        vm.prank(caller);
        wopen.receiveWithAuthorization(
            auth.from, auth.to, auth.value, auth.validAfter, auth.validBefore, auth.nonce, signature
        );
    }

    function refused(Auth memory auth, bytes memory signature) private {
        vm.expectRevert(abi.encodeWithSelector(Authorizations.InvalidSignature.selector, auth.from));
        transfer(auth, signature);
    }

    function refusedInTime(Auth memory auth) private {
        bytes memory signature = signed(KEY, digest(auth));
        vm.expectRevert(
            abi.encodeWithSelector(Authorizations.AuthorizationNotValid.selector, auth.validAfter, auth.validBefore)
        );
        transfer(auth, signature);
    }

    function refusedPermit(address owner, bytes memory signature) private {
        vm.expectRevert(abi.encodeWithSelector(Authorizations.InvalidSignature.selector, owner));
        wopen.permit(owner, BOB, 5, START, signature);
    }

    function structHash(Auth memory auth) private pure returns (bytes32) {
        return
            keccak256(
                abi.encode(auth.kind, auth.from, auth.to, auth.value, auth.validAfter, auth.validBefore, auth.nonce)
            );
    }

    function digest(Auth memory auth) private view returns (bytes32) {
        return digestOf(domain(), structHash(auth));
    }

    function domain() private view returns (bytes32) {
        return domainOf("Wrapped OPEN", block.chainid, Predeploys.WRAPPED_OPEN);
    }

    function permitDigest(address owner, uint256 value, uint256 nonce, uint256 deadline)
        private
        view
        returns (bytes32)
    {
        bytes32 kind = keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        return digestOf(domain(), keccak256(abi.encode(kind, owner, BOB, value, nonce, deadline)));
    }
}
