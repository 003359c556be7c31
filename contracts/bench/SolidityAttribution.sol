// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// What attribution precompiles compute, in Solidity and over the same shards. It is there to be measured beside them.
contract SolidityAttribution {
    /// Bytes before a shard's rows.
    uint256 private constant HEADER = 20;

    /// Influence of every row of a set without labels: scores in the order of rows, and the sums of their signs. `dim` is the query's length.
    /// Nothing is ranked.
    function influence(uint256 setId, uint64 shards, uint256 rows, bytes calldata query)
        external
        view
        returns (int256[] memory scores, int256 positive, int256 negative)
    {
        scores = new int256[](rows);
        uint256 dim = query.length;
        bytes memory decoded = decode(query);
        bytes memory buffer = new bytes(128 << 10);
        uint256 row = 0;
        for (uint64 shard = 0; shard < shards; ++shard) {
            uint256 size = load(setId, shard, buffer);
            for (uint256 at = 0; at < size; at += dim + 1) {
                int256 score = score_of(buffer, at, decoded, dim);
                scores[row] = score;
                if (score > 0) positive += score;
                else negative += score;
                ++row;
            }
        }
    }

    /// The values of a query, a word each.
    function decode(bytes calldata query) private pure returns (bytes memory decoded) {
        decoded = new bytes(32 * query.length);
        assembly ("memory-safe") {
            for { let at := 0 } lt(at, query.length) { at := add(at, 1) } {
                mstore(add(add(decoded, 32), shl(5, at)), signextend(0, byte(0, calldataload(add(query.offset, at)))))
            }
        }
    }

    /// The rows of a shard; how many bytes they have.
    function load(uint256 setId, uint64 shard, bytes memory buffer) private view returns (uint256 size) {
        address at = address(uint160(uint256(keccak256(abi.encodePacked("tributary/shard", setId, shard)))));
        size = at.code.length - HEADER;
        assembly ("memory-safe") {
            extcodecopy(at, add(buffer, 32), 20, size)
        }
    }

    function score_of(bytes memory buffer, uint256 at, bytes memory decoded, uint256 dim)
        private
        pure
        returns (int256 score)
    {
        assembly ("memory-safe") {
            let row := add(add(buffer, 32), at)
            let exponent := byte(0, mload(row))
            let values := add(row, 1)
            let query := add(decoded, 32)
            let sum := 0
            // 8 values a turn: what unrolling further saves is little.
            for { let end := add(values, dim) } lt(values, end) { values := add(values, 8) } {
                let word := mload(values)
                sum := add(sum, mul(signextend(0, byte(0, word)), mload(query)))
                sum := add(sum, mul(signextend(0, byte(1, word)), mload(add(query, 32))))
                sum := add(sum, mul(signextend(0, byte(2, word)), mload(add(query, 64))))
                sum := add(sum, mul(signextend(0, byte(3, word)), mload(add(query, 96))))
                sum := add(sum, mul(signextend(0, byte(4, word)), mload(add(query, 128))))
                sum := add(sum, mul(signextend(0, byte(5, word)), mload(add(query, 160))))
                sum := add(sum, mul(signextend(0, byte(6, word)), mload(add(query, 192))))
                sum := add(sum, mul(signextend(0, byte(7, word)), mload(add(query, 224))))
                query := add(query, 256)
            }
            score := mul(sum, shl(sub(63, exponent), 1))
        }
    }

    /// Largest remainder, of fewer than 2¹⁶ weights whose products with the pool have at most 240 bits.
    function split(uint256 pool, uint256[] calldata weights) external pure returns (uint256[] memory shares) {
        uint256 total = 0;
        for (uint256 at = 0; at < weights.length; ++at) {
            total += weights[at];
        }
        shares = new uint256[](weights.length);
        uint256[] memory remainders = new uint256[](weights.length);
        uint256 left = pool;
        for (uint256 at = 0; at < weights.length; ++at) {
            uint256 product = pool * weights[at];
            shares[at] = product / total;
            left -= shares[at];
            // The greatest remainder first; of equal ones the earlier weight.
            remainders[at] = (product % total) << 16 | (0xFFFF - at);
        }
        if (left > 0) sort(remainders, 0, int256(remainders.length) - 1);
        for (uint256 at = 0; at < left; ++at) {
            ++shares[0xFFFF - (remainders[at] & 0xFFFF)];
        }
    }

    /// Quicksort, descending.
    function sort(uint256[] memory keys, int256 first, int256 last) private pure {
        unchecked {
            int256 low = first;
            int256 high = last;
            uint256 pivot = keys[uint256((first + last) / 2)];
            while (low <= high) {
                while (keys[uint256(low)] > pivot) ++low;
                while (keys[uint256(high)] < pivot) --high;
                if (low <= high) {
                    (keys[uint256(low)], keys[uint256(high)]) = (keys[uint256(high)], keys[uint256(low)]);
                    ++low;
                    --high;
                }
            }
            if (first < high) sort(keys, first, high);
            if (low < last) sort(keys, low, last);
        }
    }
}
