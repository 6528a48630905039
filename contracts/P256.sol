// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// ECDSA over P-256 by the precompile at 0x100 (EIP-7951, RIP-7212).
library P256 {
    /// Whether (r, s) is a signature of x | y over the digest h. A chain that has no such precompile answers every call
    /// to 0x100 with success and nothing, and what lies in memory before would be read as the answer: so it must be a
    /// success, of exactly 32 bytes, that are the number one.
    function verify(bytes32 h, bytes32 r, bytes32 s, bytes32 x, bytes32 y) internal view returns (bool good) {
        assembly ("memory-safe") {
            let pos := mload(0x40)
            mstore(pos, h)
            mstore(add(pos, 32), r)
            mstore(add(pos, 64), s)
            mstore(add(pos, 96), x)
            mstore(add(pos, 128), y)
            mstore(0, 0)
            let done := staticcall(gas(), 0x100, pos, 160, 0, 32)
            good := and(and(done, eq(returndatasize(), 32)), eq(mload(0), 1))
        }
    }
}
