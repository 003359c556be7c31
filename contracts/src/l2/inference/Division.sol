// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IDatanets} from "../../interfaces/IDatanets.sol";
import {IDivision} from "../../interfaces/IDivision.sol";
import {IInference} from "../../interfaces/IInference.sol";
import {IModels} from "../../interfaces/IModels.sol";
import {IParameters} from "../../interfaces/IParameters.sol";
import {IPayouts} from "../../interfaces/IPayouts.sol";
import {Predeploys} from "../Predeploys.sol";
import {Governed} from "../governance/Governed.sol";
import {Keys} from "../governance/Keys.sol";
import {Signatures} from "../money/Signatures.sol";
import {Attribution} from "./Attribution.sol";
import {Pages} from "./Pages.sol";
import {Vouchers} from "./Vouchers.sol";

/// @title Division
/// @notice How payments are divided: see IDivision. Predeploy 0x00000000000000000000000000000000000a771C, behind a proxy. It
///         has no storage and moves nothing.
contract Division is IDivision, Governed {
    using Pages for Pages.Book;

    struct List {
        IInference.Part[] items;
        uint256 count;
    }

    uint256 private constant BPS = 10_000;
    IModels private constant MODELS = IModels(Predeploys.MODELS);
    IDatanets private constant DATANETS = IDatanets(Predeploys.DATANETS);

    /// @inheritdoc IDivision
    function quote(uint256 modelId, uint32 version) external view returns (Quote memory quoted) {
        (uint32 latest, bool active) = MODELS.latest(modelId);
        quoted.offered = active && version == latest;
        quoted.termsHash = MODELS.termsHash(modelId, version);
        (IModels.Terms memory terms, IModels.Source[] memory sources) = MODELS.terms(modelId, version);
        (quoted.operator, quoted.price) = (terms.operator, terms.price);
        (quoted.answerSeconds, quoted.deterministic) = (terms.answerSeconds, terms.deterministic);
        quoted.sketches = terms.sketchBps != 0 && terms.sketchSetId != 0;
        quoted.protocolBps = uint16(_parameter(Keys.PROTOCOL_BPS));
        quoted.validatorBps = uint16(_parameter(Keys.VALIDATOR_BPS));
        quoted.contestSeconds = uint32(_parameter(Keys.CONTEST_SECONDS));
        quoted.contestBond = _parameter(Keys.CONTEST_BOND);
        quoted.jurors = uint16(_parameter(Keys.CONTEST_JURORS)) | 1;
        quoted.stake = _parameter(Keys.OPERATOR_STAKE);
        quoted.penalty = quoted.stake * _parameter(Keys.PENALTY_BPS) / BPS;
        _addSources(quoted, terms, sources);
    }

    /// @inheritdoc IDivision
    function divide(Payment calldata payment, IInference.Answer[] calldata answers)
        external
        view
        returns (Divided memory divided)
    {
        Attribution.Work memory work = _begin(payment);
        IInference.Shares memory shares = divided.shares;
        uint256 amount = payment.amount;
        shares.protocol = amount * payment.protocolBps / BPS;
        shares.validators = amount * payment.validatorBps / BPS;
        shares.lineage = amount * work.terms.lineageBps / BPS;
        uint256 pool = amount * work.terms.contributorBps / BPS;
        List memory parts;
        parts.items = new IInference.Part[](16);
        shares.curators = _addCurators(parts, work, amount);
        shares.operator =
            amount - shares.protocol - shares.validators - shares.lineage - shares.curators - pool - _sum(work.commons);
        _add(parts, IPayouts.Reason.Protocol, 0, Predeploys.FEE_DISTRIBUTOR, shares.protocol);
        _add(parts, IPayouts.Reason.Operator, 0, work.terms.operator, shares.operator);
        // What one of them had nobody to go to is the commons'.
        shares.lineage = _addLineage(parts, work, payment.version, shares.lineage);
        shares.validators = _addReviewers(parts, work, shares.validators);
        _attribute(work, pool, answers);
        shares.contributors = work.payees.sum;
        work.payees.close(divided, payment.protocolBps);
        shares.commons = _addCommons(parts, work);
        _close(divided, parts);
        divided.attributions = abi.encode(_found(work));
    }

    /// @inheritdoc IDivision
    function next(bytes calldata payees, uint16 protocolBps) external pure returns (Page memory) {
        return Pages.pay(abi.decode(payees, (IInference.Payee[])), protocolBps);
    }

    /// @inheritdoc IDivision
    function domainSeparator() external view returns (bytes32) {
        return Vouchers.separator();
    }

    /// @inheritdoc IDivision
    function voucherDigest(uint256 sessionId, uint32 count, uint256 amount, bytes32 answers)
        external
        view
        returns (bytes32)
    {
        return Vouchers.voucher(sessionId, count, amount, answers);
    }

    /// @inheritdoc IDivision
    function receiptDigest(uint256 sessionId, uint32 index, bytes32 promptHash) external view returns (bytes32) {
        return Vouchers.receipt(sessionId, index, promptHash);
    }

    /// @inheritdoc IDivision
    function voucherOf(
        uint256 sessionId,
        bytes32 before,
        uint32 first,
        uint256 paid,
        IInference.Answer[] calldata answers
    ) external view returns (bytes32 head, uint256 amount, bytes32 digest) {
        (head, amount) = Vouchers.chain(before, first, answers);
        digest = Vouchers.voucher(sessionId, first + uint32(answers.length) - 1, paid + amount, head);
    }

    /// @inheritdoc IDivision
    function chainOf(bytes32 before, uint32 first, IInference.Link[] calldata links)
        external
        pure
        returns (bytes32 head)
    {
        head = before;
        for (uint256 i = 0; i < links.length; ++i) {
            head = Vouchers.extend(head, first + uint32(i), links[i]);
        }
    }

    /// @inheritdoc IDivision
    function isSigned(address by, bytes32 digest, bytes calldata signature) external view returns (bool) {
        return Signatures.isValid(by, digest, signature);
    }

    /// @inheritdoc IDivision
    function signerOf(bytes32 digest, bytes calldata signature) external pure returns (address signer) {
        (signer,,) = ECDSA.tryRecoverCalldata(digest, signature);
    }

    // ---- What a session is opened under

    /// @dev Who the contributors are; and no payment may be worth more than all of it.
    function _addSources(Quote memory quoted, IModels.Terms memory terms, IModels.Source[] memory sources)
        private
        view
    {
        uint256 parts = uint256(quoted.protocolBps) + quoted.validatorBps + terms.contributorBps + terms.lineageBps;
        uint256 curators;
        quoted.contributors = new uint32[](sources.length);
        for (uint256 i = 0; i < sources.length; ++i) {
            uint256 curatorBps = DATANETS.release(sources[i].datanetId, sources[i].releaseId).curatorBps;
            curators += curatorBps * sources[i].weightBps;
            quoted.contributors[i] = DATANETS.contributorCount(sources[i].datanetId);
        }
        parts = parts * BPS + curators;
        if (parts > BPS * BPS) revert PartsTooLarge((parts + BPS - 1) / BPS);
    }

    function _parameter(bytes32 key) private view returns (uint256) {
        return IParameters(Predeploys.PARAMETERS).get(key);
    }

    // ---- Parts

    function _begin(Payment calldata payment) private view returns (Attribution.Work memory work) {
        // A version's terms never change; if they did, nothing would be paid by them.
        bytes32 actual = MODELS.termsHash(payment.modelId, payment.version);
        if (actual != payment.termsHash) revert IInference.WrongTerms(payment.termsHash, actual);
        (work.modelId, work.head, work.contributors) = (payment.modelId, payment.head, payment.contributors);
        (work.terms, work.sources) = MODELS.terms(payment.modelId, payment.version);
        uint256 count = work.sources.length;
        work.releases = new IDatanets.Release[](count);
        for (uint256 i = 0; i < count; ++i) {
            work.releases[i] = DATANETS.release(work.sources[i].datanetId, work.sources[i].releaseId);
        }
        work.commons = new uint256[](count + 1);
        work.found = new IInference.Attribution[](count + 1);
    }

    /// @dev By the sources' weights; last is what has no source.
    function _bySource(Attribution.Work memory work, uint256 amount) private pure returns (uint256[] memory) {
        uint256 count = work.sources.length;
        uint256[] memory weights = new uint256[](count + 1);
        uint256 sum;
        for (uint256 i = 0; i < count; ++i) {
            weights[i] = work.sources[i].weightBps;
            sum += weights[i];
        }
        if (sum == 0) weights[count] = 1;
        return Predeploys.REWARD_SPLIT.split(amount, weights);
    }

    /// @dev Each by its release's share and its source's weight. Where there is none, it is the commons'.
    function _addCurators(List memory parts, Attribution.Work memory work, uint256 amount)
        private
        view
        returns (uint256 sum)
    {
        for (uint256 i = 0; i < work.sources.length; ++i) {
            uint256 datanetId = work.sources[i].datanetId;
            uint256 weight = uint256(work.releases[i].curatorBps) * work.sources[i].weightBps;
            uint256 share = amount * weight / (BPS * BPS);
            uint256 paid = _add(parts, IPayouts.Reason.Curator, datanetId, DATANETS.curatorOf(datanetId), share);
            work.commons[i] += share - paid;
            sum += paid;
        }
    }

    function _addLineage(List memory parts, Attribution.Work memory work, uint32 version, uint256 amount)
        private
        view
        returns (uint256 sum)
    {
        if (amount == 0) return 0;
        (address[] memory accounts, uint256[] memory weights) = MODELS.lineage(work.modelId, version);
        uint256[] memory amounts = Predeploys.REWARD_SPLIT.split(amount, weights);
        for (uint256 i = 0; i < accounts.length; ++i) {
            sum += _add(parts, IPayouts.Reason.Lineage, 0, accounts[i], amounts[i]);
        }
        work.commons[work.sources.length] += amount - sum;
    }

    /// @dev Reviewers are paid by the reviews of their datanet, whatever they decide: here only its fund grows.
    function _addReviewers(List memory parts, Attribution.Work memory work, uint256 amount)
        private
        pure
        returns (uint256 sum)
    {
        uint256[] memory amounts = _bySource(work, amount);
        uint256 count = work.sources.length;
        work.commons[count] += amounts[count];
        for (uint256 i = 0; i < count; ++i) {
            sum += _push(parts, IPayouts.Reason.Validator, work.sources[i].datanetId, address(0), amounts[i]);
        }
    }

    function _addCommons(List memory parts, Attribution.Work memory work) private pure returns (uint256 sum) {
        uint256 count = work.sources.length;
        for (uint256 i = 0; i <= count; ++i) {
            uint256 datanetId = i < count ? work.sources[i].datanetId : 0;
            sum += _push(parts, IPayouts.Reason.Commons, datanetId, address(0), work.commons[i]);
        }
    }

    function _sum(uint256[] memory amounts) private pure returns (uint256 sum) {
        for (uint256 i = 0; i < amounts.length; ++i) {
            sum += amounts[i];
        }
    }

    /// @dev Nobody's part is nothing, so that it holds nothing up.
    function _add(List memory parts, IPayouts.Reason reason, uint256 datanetId, address account, uint256 amount)
        private
        pure
        returns (uint256)
    {
        return account == address(0) ? 0 : _push(parts, reason, datanetId, account, amount);
    }

    function _push(List memory parts, IPayouts.Reason reason, uint256 datanetId, address account, uint256 amount)
        private
        pure
        returns (uint256)
    {
        if (amount == 0) return 0;
        if (parts.count == parts.items.length) {
            IInference.Part[] memory longer = new IInference.Part[](2 * parts.count);
            for (uint256 i = 0; i < parts.count; ++i) {
                longer[i] = parts.items[i];
            }
            parts.items = longer;
        }
        parts.items[parts.count++] = IInference.Part(reason, datanetId, account, amount);
        return amount;
    }

    /// @dev Accounts are owed theirs; what is a datanet's goes to the contract that keeps it.
    function _close(Divided memory divided, List memory list) private pure {
        IInference.Part[] memory parts = list.items;
        uint256 count = list.count;
        assembly ("memory-safe") {
            mstore(parts, count)
        }
        IPayouts.Credit[] memory credits = new IPayouts.Credit[](count);
        Fund[] memory funds = new Fund[](count);
        uint256 owed;
        for (uint256 i = 0; i < count; ++i) {
            IInference.Part memory part = parts[i];
            if (part.account != address(0)) {
                credits[owed++] = IPayouts.Credit(part.account, part.amount, part.reason);
            } else {
                funds[i - owed] = Fund(part.reason == IPayouts.Reason.Validator, part.datanetId, part.amount);
            }
        }
        assembly ("memory-safe") {
            mstore(credits, owed)
            mstore(funds, sub(count, owed))
        }
        (divided.credits, divided.funds, divided.parts) = (credits, funds, abi.encode(parts));
    }

    // ---- Contributors

    /// @dev Whose the contributors' pool is. Without answers that the payer signed for it is nobody's.
    function _attribute(Attribution.Work memory work, uint256 pool, IInference.Answer[] calldata answers) private view {
        uint256 bySketches = pool * work.terms.sketchBps / BPS;
        uint256[] memory pools = _bySource(work, pool - bySketches);
        uint256 count = work.sources.length;
        work.commons[count] += pools[count];
        uint256 divisions = bySketches == 0 ? 0 : 1;
        for (uint256 i = 0; i < count; ++i) {
            if (pools[i] != 0) ++divisions;
        }
        if (divisions != 0) work.topK = uint16(Attribution.MAX_TRACED / divisions);
        for (uint256 i = 0; i < count; ++i) {
            if (answers.length != 0) Attribution.text(work, i, pools[i], answers);
            else work.commons[i] += pools[i];
        }
        if (answers.length != 0) Attribution.sketches(work, bySketches, answers);
        else work.commons[count] += bySketches;
    }

    /// @dev Those that had a pool.
    function _found(Attribution.Work memory work) private pure returns (IInference.Attribution[] memory found) {
        found = work.found;
        uint256 count;
        for (uint256 i = 0; i < found.length; ++i) {
            if (found[i].pool != 0) found[count++] = found[i];
        }
        assembly ("memory-safe") {
            mstore(found, count)
        }
    }
}
