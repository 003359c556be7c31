// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Books, Datanet} from "./DatanetState.sol";
import {IDatanetRecords as D} from "../../interfaces/IDatanetRecords.sol";
import {IDatanets} from "../../interfaces/IDatanets.sol";
import {Predeploys} from "../Predeploys.sol";

/// @title Founding
/// @notice What a curator says of its datanet: terms, policy, shares, releases, and who is curator next.
library Founding {
    uint16 internal constant BPS = 10_000;
    uint16 internal constant MAX_CURATOR_BPS = 1_000;
    uint16 internal constant DEFAULT_FULL_AT_BPS = 6_000;
    uint16 internal constant DEFAULT_MAX_CONTRIBUTOR_BPS = 5_000;
    uint16 internal constant MAX_JURORS = 15;

    function create(Books storage self, D.Settings calldata settings) internal returns (uint256 datanetId) {
        if (bytes(settings.name).length == 0) revert D.EmptyName();
        _checkShare(settings.curatorBps, MAX_CURATOR_BPS);
        datanetId = ++self.datanetCount;
        Datanet storage datanet = self.datanets[datanetId];
        datanet.curator = msg.sender;
        // The store counts sets from 1: no set's number is near 2^64.
        datanet.setId = uint64(Predeploys.ATTRIBUTION_STORE.createTextSet());
        (datanet.name, datanet.purpose) = (settings.name, settings.purpose);
        datanet.curatorBps = settings.curatorBps;
        emit D.DatanetCreated(datanetId, msg.sender, datanet.setId, settings.name, settings.purpose);
        setLicence(self, datanetId, settings.licence);
        setPolicy(self, datanetId, settings.policy);
        uint16 fullAtBps = settings.fullAtBps == 0 ? DEFAULT_FULL_AT_BPS : settings.fullAtBps;
        uint16 most = settings.maxContributorBps == 0 ? DEFAULT_MAX_CONTRIBUTOR_BPS : settings.maxContributorBps;
        setShares(self, datanetId, settings.curatorBps, fullAtBps, most);
    }

    function setLicence(Books storage self, uint256 datanetId, IDatanets.Licence calldata licence) internal {
        _checkShare(licence.minContributorBps, BPS);
        _checkShare(licence.maxRoyaltyBps, BPS);
        self.datanets[datanetId].licence = licence;
        emit D.LicenceChanged(datanetId, licence);
    }

    function setPolicy(Books storage self, uint256 datanetId, D.Policy calldata policy) internal {
        if (policy.jurors > MAX_JURORS || policy.jurors != 0 && policy.jurors % 2 == 0) {
            revert D.InvalidJurors(policy.jurors);
        }
        _checkShare(policy.minNoveltyBps, BPS);
        Datanet storage datanet = self.datanets[datanetId];
        datanet.jurors = policy.jurors;
        datanet.committed = policy.committed || policy.jurors != 0;
        datanet.minNoveltyBps = policy.minNoveltyBps;
        (datanet.fee, datanet.bond) = (policy.fee, policy.bond);
        emit D.PolicyChanged(datanetId, policyOf(datanet));
    }

    function setShares(
        Books storage self,
        uint256 datanetId,
        uint16 curatorBps,
        uint16 fullAtBps,
        uint16 maxContributorBps
    ) internal {
        Datanet storage datanet = self.datanets[datanetId];
        if (curatorBps > datanet.curatorBps) revert D.ShareRaised(datanet.curatorBps, curatorBps);
        // None of an answer explained would pay all of the pool, and nobody would be paid anything.
        if (fullAtBps == 0 || maxContributorBps == 0) revert D.InvalidShare(0, BPS);
        _checkShare(fullAtBps, BPS);
        _checkShare(maxContributorBps, BPS);
        datanet.curatorBps = curatorBps;
        (datanet.fullAtBps, datanet.maxContributorBps) = (fullAtBps, maxContributorBps);
        emit D.SharesChanged(datanetId, curatorBps, fullAtBps, maxContributorBps);
    }

    function propose(Books storage self, uint256 datanetId, address next) internal {
        self.datanets[datanetId].nextCurator = next;
        emit D.CuratorProposed(datanetId, msg.sender, next);
    }

    function accept(Books storage self, uint256 datanetId) internal {
        Datanet storage datanet = self.datanet(datanetId);
        if (msg.sender != datanet.nextCurator) revert D.NotProposed(datanetId, msg.sender);
        emit D.CuratorChanged(datanetId, datanet.curator, msg.sender);
        (datanet.curator, datanet.nextCurator) = (msg.sender, address(0));
    }

    /// @notice Names the set's newest version, and keeps what holds for it.
    function publish(Books storage self, uint256 datanetId, string calldata note) internal returns (uint32 releaseId) {
        Datanet storage datanet = self.datanets[datanetId];
        IDatanets.Release memory made;
        made.setId = datanet.setId;
        (,,,, made.version,, made.rows, made.size, made.root) = Predeploys.ATTRIBUTION_STORE.info(datanet.setId);
        if (made.rows == 0) revert D.EmptyDatanet(datanetId);
        made.contributors = datanet.contributors.count;
        made.releasedAt = uint64(block.timestamp);
        made.licence = datanet.licence;
        (made.fullAtBps, made.maxContributorBps) = (datanet.fullAtBps, datanet.maxContributorBps);
        made.curatorBps = datanet.curatorBps;
        datanet.releases.push(made);
        releaseId = uint32(datanet.releases.length);
        emit D.Released(datanetId, releaseId, made, note);
    }

    function policyOf(Datanet storage datanet) internal view returns (D.Policy memory) {
        return D.Policy(datanet.jurors, datanet.committed, datanet.minNoveltyBps, datanet.fee, datanet.bond);
    }

    function _checkShare(uint256 bps, uint256 most) private pure {
        if (bps > most) revert D.InvalidShare(bps, most);
    }
}
