// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDatanets} from "../../src/interfaces/IDatanets.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";

/// @notice Stands in for Datanets: sets of rows in the store's double, releases with a policy that the test says.
contract DatanetsDouble {
    struct Datanet {
        address curator;
        uint256 setId;
        uint256 reviewFund;
        mapping(address account => uint32) numbers;
        mapping(uint32 number => address) accounts;
        mapping(uint32 number => uint32) previous;
        mapping(uint64 row => uint32) authors;
        uint32 count;
        IDatanets.Release[] releases;
    }

    error NotInference(address caller);

    uint256 public datanetCount;
    mapping(uint256 datanetId => Datanet) private datanets;

    function create(address curator) external returns (uint256 datanetId) {
        datanetId = ++datanetCount;
        Datanet storage datanet = datanets[datanetId];
        datanet.curator = curator;
        datanet.setId = Predeploys.ATTRIBUTION_STORE.createTextSet();
    }

    function contribute(uint256 datanetId, address account) external returns (uint64 row) {
        Datanet storage datanet = datanets[datanetId];
        uint32 number = datanet.numbers[account];
        if (number == 0) {
            number = ++datanet.count;
            (datanet.numbers[account], datanet.accounts[number]) = (number, account);
        }
        (row,,) = Predeploys.ATTRIBUTION_STORE.append(datanet.setId, number, "a text");
        datanet.authors[row] = number;
    }

    function setStatus(uint256 datanetId, uint64 row, uint8 status) external {
        Predeploys.ATTRIBUTION_STORE.setStatus(datanets[datanetId].setId, row, status);
    }

    function setCurator(uint256 datanetId, address curator) external {
        datanets[datanetId].curator = curator;
    }

    function reassign(uint256 datanetId, uint64 row, address account) external {
        Datanet storage datanet = datanets[datanetId];
        uint32 number = ++datanet.count;
        (datanet.accounts[number], datanet.previous[number]) = (account, datanet.authors[row]);
        datanet.authors[row] = number;
        Predeploys.ATTRIBUTION_STORE.reassign(datanet.setId, row, number);
    }

    function makeRelease(uint256 datanetId, uint16 fullAtBps, uint16 maxContributorBps, uint16 curatorBps)
        external
        returns (uint32)
    {
        Datanet storage datanet = datanets[datanetId];
        IDatanets.Release storage made = datanet.releases.push();
        (,,,, made.version,, made.rows,,) = Predeploys.ATTRIBUTION_STORE.info(datanet.setId);
        (made.setId, made.contributors) = (datanet.setId, datanet.count);
        (made.fullAtBps, made.maxContributorBps, made.curatorBps) = (fullAtBps, maxContributorBps, curatorBps);
        return uint32(datanet.releases.length);
    }

    function release(uint256 datanetId, uint32 releaseId) external view returns (IDatanets.Release memory) {
        return datanets[datanetId].releases[releaseId - 1];
    }

    function curatorOf(uint256 datanetId) external view returns (address) {
        return datanets[datanetId].curator;
    }

    function contributorCount(uint256 datanetId) external view returns (uint32) {
        return datanets[datanetId].count;
    }

    function accountsAt(uint256 datanetId, uint32[] calldata numbers, uint32 contributors)
        external
        view
        returns (address[] memory accounts)
    {
        accounts = new address[](numbers.length);
        for (uint256 i = 0; i < numbers.length; ++i) {
            uint32 number = numbers[i];
            while (number > contributors) {
                number = datanets[datanetId].previous[number];
            }
            accounts[i] = datanets[datanetId].accounts[number];
        }
    }

    function fundReview(uint256 datanetId, uint256 amount) external {
        if (msg.sender != Predeploys.INFERENCE) revert NotInference(msg.sender);
        datanets[datanetId].reviewFund += amount;
    }

    function reviewFund(uint256 datanetId) external view returns (uint256) {
        return datanets[datanetId].reviewFund;
    }
}
