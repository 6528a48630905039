// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AssayAnchor} from "./AssayAnchor.sol";
import {P256} from "./P256.sol";

/// Pays for steps that were proven: the tasks of an Assay network whose money lies on this chain (docs/services.md 8).
///
/// A task is its terms: who shows them again names it, and one storage slot holds what was paid.
contract AssayTasks {
    struct Terms {
        address requestor; // pays, and signs vouchers
        address executor; // is paid
        bytes32 work; // workOf the member whose score is proven, code and box key
        bytes32 input; // as every receipt repeats it
        bytes32 keyX; // the enclave's task key, P-256
        bytes32 keyY;
        uint256 numbers; // price 112 | steps 16 | deadline 40 | lowest standing 8 | lowest score 16 | nonce 64
    }

    /// What a receipt says beside what the terms say, and what pays for it.
    struct Step {
        uint256 numbers; // step 32 | epoch 64
        bytes32 opening; // of the lock
        bytes32 state;
        bytes32 ciphertext;
        bytes32 previous;
        bytes32 receiptR; // of the enclave's task key over the receipt
        bytes32 receiptS;
        bytes32 voucherR; // of the requestor (EIP-712; vs as of EIP-2098)
        bytes32 voucherVS;
    }

    uint256 public constant DEADLINE_AHEAD = 366 days;
    uint8 private constant SUSPENDED = 3;

    bytes32 private constant DOMAIN =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant NAME = keccak256("AssayTasks");
    bytes32 private constant VERSION = keccak256("1");
    bytes32 private constant VOUCHER = keccak256("Voucher(bytes32 task,uint32 step,bytes32 lock)");

    AssayAnchor public immutable anchor;
    /// Steps paid, and one; zero: no such task.
    mapping(bytes32 => uint256) public paid;

    event Opened(bytes32 indexed task, bytes32 node);
    event Paid(bytes32 indexed task, uint256 step);
    event Closed(bytes32 task);

    error Refused(bytes32 why);

    constructor(AssayAnchor anchor_) {
        anchor = anchor_;
    }

    /// Keccak-256 of chain, contract and all terms: `task` of every receipt.
    function taskOf(Terms calldata t) public view returns (bytes32 task) {
        assembly ("memory-safe") {
            let place := mload(0x40)
            mstore(place, chainid())
            mstore(add(place, 32), address())
            calldatacopy(add(place, 64), t, 224)
            task := keccak256(place, 288)
        }
    }

    function workOf(bytes32 node, bytes32 job) public pure returns (bytes32) {
        return keccak256(abi.encode(node, job));
    }

    /// Locks price times steps, when the anchored epoch says that the executor's member is fit. job: digest of
    /// code and box key, which this contract does not read.
    function open(Terms calldata t, bytes32 job, bytes calldata leaf, uint256 sides, bytes32[] calldata path)
        external
        payable
    {
        bytes32 task = taskOf(t);
        if (paid[task] != 0) revert Refused("exists");
        if (msg.sender != t.requestor) revert Refused("requestor");
        if (stepsOf(t) == 0 || msg.value != priceOf(t) * stepsOf(t)) revert Refused("deposit");
        // A closed task leaves nothing behind: its name cannot come again because its deadline is over.
        if (deadlineOf(t) <= block.timestamp || deadlineOf(t) > block.timestamp + DEADLINE_AHEAD)
            revert Refused("deadline");
        (bytes32 node, uint16 scoreBp, uint8 standing, uint32 weight) = anchor.score(leaf, sides, path);
        if (workOf(node, job) != t.work) revert Refused("node");
        if (standing >= SUSPENDED || standing > uint8(t.numbers >> 80) || weight == 0) revert Refused("standing");
        if (scoreBp < uint16(t.numbers >> 64)) revert Refused("score");
        paid[task] = 1;
        emit Opened(task, node);
    }

    /// Pays every step up to this one that was not paid, for the enclave's receipt, the opening of its lock and the
    /// requestor's voucher. The receipt is put together here, so none of another task, input or lock can be meant.
    /// Whoever calls it, the executor is paid.
    function claim(Terms calldata t, Step calldata c) external {
        bytes32 task = taskOf(t);
        uint256 next = paid[task];
        if (next == 0) revert Refused("task");
        if (block.timestamp >= deadlineOf(t)) revert Refused("late");
        uint256 step = uint32(c.numbers >> 64);
        if (step < next || step > stepsOf(t)) revert Refused("step");
        bytes32 lock = sha256(abi.encodePacked(c.opening));
        bytes32 receipt = sha256(
            abi.encodePacked(task, uint32(step), lock, t.input, c.state, c.ciphertext, uint64(c.numbers), c.previous)
        );
        if (!P256.verify(receipt, c.receiptR, c.receiptS, t.keyX, t.keyY)) revert Refused("receipt");
        if (signerOf(voucherDigest(task, step, lock), c.voucherR, c.voucherVS) != t.requestor)
            revert Refused("voucher");
        paid[task] = step + 1;
        emit Paid(task, step);
        send(t.executor, (step + 1 - next) * priceOf(t));
    }

    /// From the deadline on: what was not paid goes back, and the slot is free.
    function close(Terms calldata t) external {
        bytes32 task = taskOf(t);
        uint256 next = paid[task];
        if (next == 0) revert Refused("task");
        if (block.timestamp < deadlineOf(t)) revert Refused("early");
        delete paid[task];
        emit Closed(task);
        send(t.requestor, (stepsOf(t) + 1 - next) * priceOf(t));
    }

    function voucherDigest(bytes32 task, uint256 step, bytes32 lock) public view returns (bytes32) {
        bytes32 domain = keccak256(abi.encode(DOMAIN, NAME, VERSION, block.chainid, address(this)));
        return keccak256(abi.encodePacked(hex"1901", domain, keccak256(abi.encode(VOUCHER, task, step, lock))));
    }

    function signerOf(bytes32 digest, bytes32 r, bytes32 vs) private pure returns (address) {
        bytes32 s = vs & bytes32(uint256(type(int256).max));
        return ecrecover(digest, uint8(27 + (uint256(vs) >> 255)), r, s);
    }

    function send(address to, uint256 amount) private {
        if (amount == 0) return;
        (bool sent,) = to.call{value: amount}("");
        if (!sent) revert Refused("transfer");
    }

    function priceOf(Terms calldata t) private pure returns (uint256) {
        return t.numbers >> 144;
    }

    function stepsOf(Terms calldata t) private pure returns (uint256) {
        return uint16(t.numbers >> 128);
    }

    function deadlineOf(Terms calldata t) private pure returns (uint256) {
        return uint40(t.numbers >> 88);
    }
}
