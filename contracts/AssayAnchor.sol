// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {P256} from "./P256.sol";

/// Follows the epoch boundaries of one Assay network, from a checkpoint that its users compare (docs/services.md 8).
///
/// What it believes of an epoch is what more than two thirds of the weight that it knew before has finalised: the
/// block's id is made here from the header, the signed statement from header and id, and what the anchor keeps is under
/// the header's state root.
contract AssayAnchor {
    /// Keys of voters may leak when they are long gone: who was known a day ago decides nothing any more.
    uint256 public constant MAX_AGE_MS = 1 days * 1000;
    /// A header's time may be ahead of this chain's by so much.
    uint256 public constant AHEAD_MS = 15 minutes * 1000;

    uint256 private constant ROW = 68; // X 32, Y 32, weight 4
    uint256 private constant LEAF = 47; // node 32, epoch 8, score 2, standing 1, weight 4
    uint256 private constant KIND_EPOCH = 3;
    uint256 private constant KIND_TAIL = 4;

    bytes32 public immutable chain;
    uint32 public immutable era;

    bytes32 public voters; // digest of the rows of who votes next
    bytes32 public scores; // root over the scores of the closed epoch
    uint64 public epoch; // closed
    uint64 public timeMs; // of its block

    event Advanced(uint64 indexed epoch, bytes32 scores, bytes32 voters);

    error Refused(bytes32 why);

    struct Header {
        uint256 epoch;
        uint256 viewEnd; // where the part ends that a vote repeats: chain, era, epoch, view
        uint256 kind;
        bytes32 parent;
        uint256 timeMs;
        bytes32 state;
    }

    constructor(bytes32 chain_, uint32 era_, uint64 epoch_, uint64 timeMs_, bytes32 voters_, bytes32 scores_) {
        chain = chain_;
        era = era_;
        epoch = epoch_;
        timeMs = timeMs_;
        voters = voters_;
        scores = scores_;
    }

    /// A later epoch. header: of its EPOCH block. tails: headers from the finalised block up to, not including, that
    /// one; none when it was finalised itself. rows: the voters that are known here. signers: bit i for row i.
    /// signatures: r | s of each signer, in order. leaf: hash of leaf 0 of the state, beside which the anchor stands;
    /// path: from both on. nextVoters, nextScores: what the anchor of that epoch is made of.
    function advance(
        bytes calldata header,
        bytes[] calldata tails,
        bytes calldata rows,
        uint256 signers,
        bytes calldata signatures,
        bytes32 leaf,
        bytes32[] calldata path,
        bytes32 nextVoters,
        bytes32 nextScores
    ) external {
        if (sha256(rows) != voters) revert Refused("voters");
        Header memory h = walk(header);
        if (h.kind != KIND_EPOCH) revert Refused("kind");
        uint256 nowMs = block.timestamp * 1000;
        if (h.epoch <= epoch) revert Refused("epoch");
        if (nowMs > timeMs + MAX_AGE_MS) revert Refused("stale");
        if (h.timeMs < timeMs || h.timeMs > nowMs + AHEAD_MS) revert Refused("time");
        weigh(statement(header, h, tails), rows, signers, signatures);
        bytes32 anchor = sha256(
            abi.encodePacked("assay/anchor/v1", chain, era, uint64(h.epoch), nextScores, nextVoters)
        );
        if (rootOf(leaf, anchor, path) != h.state) revert Refused("anchor");
        epoch = uint64(h.epoch);
        timeMs = uint64(h.timeMs);
        scores = nextScores;
        if (nextVoters != voters) voters = nextVoters;
        emit Advanced(uint64(h.epoch), nextScores, nextVoters);
    }

    /// What the anchored epoch says of one member. sides: bit i is set where step i of the path stands on the left.
    function score(bytes calldata leaf, uint256 sides, bytes32[] calldata path)
        external
        view
        returns (bytes32 node, uint16 scoreBp, uint8 standing, uint32 weight)
    {
        if (block.timestamp * 1000 > timeMs + MAX_AGE_MS) revert Refused("stale");
        if (leaf.length != LEAF) revert Refused("leaf");
        bytes32 hash = sha256(abi.encodePacked(uint8(0), leaf));
        for (uint256 i = 0; i < path.length; i++) {
            hash = sides & 1 == 0
                ? sha256(abi.encodePacked(uint8(1), hash, path[i]))
                : sha256(abi.encodePacked(uint8(1), path[i], hash));
            sides >>= 1;
        }
        if (hash != scores) revert Refused("path");
        node = bytes32(leaf[0:32]);
        scoreBp = uint16(bytes2(leaf[40:42]));
        standing = uint8(leaf[42]);
        weight = uint32(bytes4(leaf[43:47]));
    }

    /// The node over leaf 0 and the anchor stands leftmost in a tree of any size (docs/protocol.md 12.5). The anchor is
    /// hashed as a leaf of 32 bytes: no other leaf of a state is so short.
    function rootOf(bytes32 leaf, bytes32 anchor, bytes32[] calldata path) private pure returns (bytes32 hash) {
        hash = sha256(abi.encodePacked(uint8(0), anchor));
        hash = sha256(abi.encodePacked(uint8(1), leaf, hash));
        for (uint256 i = 0; i < path.length; i++) hash = sha256(abi.encodePacked(uint8(1), hash, path[i]));
    }

    /// The digest that voters sign to finalise: the EPOCH block, or a tail that leads to it.
    function statement(bytes calldata header, Header memory h, bytes[] calldata tails) private view returns (bytes32) {
        bytes32 id = sha256(header);
        bytes calldata voted = header;
        uint256 end = h.viewEnd;
        for (uint256 i = tails.length; i > 0; i--) {
            voted = tails[i - 1];
            Header memory t = walk(voted);
            if (t.kind != KIND_TAIL || t.epoch != h.epoch || t.parent != id) revert Refused("tail");
            id = sha256(voted);
            end = t.viewEnd;
        }
        // ["assay/vote/v1", chain, era, epoch, view, 2, id]
        return sha256(abi.encodePacked(hex"876d", "assay/vote/v1", voted[16:end], hex"025820", id));
    }

    /// More than two thirds of the weight of all rows has signed.
    function weigh(bytes32 digest, bytes calldata rows, uint256 signers, bytes calldata signatures) private view {
        uint256 total;
        uint256 signed;
        uint256 pos;
        uint256 count = rows.length / ROW;
        if (count > 255 || signers >> count != 0) revert Refused("signers");
        for (uint256 i = 0; i < count; i++) {
            bytes calldata row = rows[i * ROW:i * ROW + ROW];
            uint256 weight = uint32(bytes4(row[64:68]));
            total += weight;
            if ((signers >> i) & 1 == 0) continue;
            bytes calldata pair = signatures[pos:pos + 64];
            if (
                !P256.verify(digest, bytes32(pair[0:32]), bytes32(pair[32:64]), bytes32(row[0:32]), bytes32(row[32:64]))
            ) revert Refused("signature");
            pos += 64;
            signed += weight;
        }
        if (pos != signatures.length || 3 * signed <= 2 * total) revert Refused("quorum");
    }

    /// ["assay/block/v1", chain, era, epoch, view, height, kind, parent, parent view, parent proof, null count, null
    /// root, time, record count, body root, state root, leader] in canonical CBOR.
    function walk(bytes calldata b) private view returns (Header memory h) {
        if (bytes16(b[0:16]) != bytes16(hex"916e61737361792f626c6f636b2f7631")) revert Refused("header");
        uint256 pos = 16;
        uint256 n;
        bytes32 id;
        (id, pos) = digestAt(b, pos);
        (n, pos) = numberAt(b, pos);
        if (id != chain || n != era) revert Refused("chain");
        (h.epoch, pos) = numberAt(b, pos);
        (, pos) = numberAt(b, pos); // view
        h.viewEnd = pos;
        (, pos) = numberAt(b, pos); // height
        (h.kind, pos) = numberAt(b, pos);
        (h.parent, pos) = digestAt(b, pos);
        (, pos) = numberAt(b, pos); // parent's view
        pos += 34; // parent's proof
        (, pos) = numberAt(b, pos); // nullifications
        pos += 34; // their root
        (h.timeMs, pos) = numberAt(b, pos);
        (, pos) = numberAt(b, pos); // records
        pos += 34; // their root
        (h.state, pos) = digestAt(b, pos);
    }

    function digestAt(bytes calldata b, uint256 pos) private pure returns (bytes32, uint256) {
        if (bytes2(b[pos:pos + 2]) != 0x5820) revert Refused("header");
        return (bytes32(b[pos + 2:pos + 34]), pos + 34);
    }

    function numberAt(bytes calldata b, uint256 pos) private pure returns (uint256 n, uint256) {
        n = uint8(b[pos]);
        if (n < 24) return (n, pos + 1);
        if (n > 27) revert Refused("header");
        uint256 len = 1 << (n - 24);
        n = uint256(bytes32(b[pos + 1:pos + 1 + len])) >> (256 - 8 * len);
        return (n, pos + 1 + len);
    }
}
