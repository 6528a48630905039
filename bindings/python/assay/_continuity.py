"""bindings/python/assay/_continuity.py - rollback protection of an enclave's state, over libassay-continuity."""
import ctypes as c
import enum
import threading
from typing import Any, NamedTuple, Optional, Tuple

from . import _library as api

_RECEIPT_MAX = 3072  # ASSAY_CONTINUITY_RECEIPT_MAX


class ContinuityResult(enum.IntEnum):
    """Result of a call; ContinuityError has each but OK."""
    OK = 0
    IN_DOUBT = 1
    FENCED = 2
    ROLLBACK = 3
    HALTED = 4
    NOT_KEPT = 5
    RETIRED = 6
    FULL = 7
    TOO_EARLY = 8
    NO_ROOM = 9
    QUOTA = 10
    CLONES = 11
    SUSPENDED = 12
    REFUSED = 13
    OTHER_CHAIN = 14
    NO_PROOF = 15
    OTHER_ERA = 16
    TRUST_EXPIRED = 17
    NOT_OWNER = 18
    NO_INSTANCE = 19
    EXISTS = 20
    SEALED = 21
    STORAGE = 22
    TOO_LARGE = 23
    MISUSE = 24
    SYSTEM = 25

    @property
    def description(self) -> str:
        """The result in words, with what to do."""
        text: str = api.continuity_library().assay_continuity_describe(self).decode()
        return text


class ContinuityError(Exception):
    """A call did not return OK: `result`, and `reason` with what was expected and found. The text has the name of the
    result, the reason, and what to do. After FENCED or ROLLBACK the program ends."""

    def __init__(self, result: int, reason: str = "") -> None:
        self.result, self.reason = ContinuityResult(result), reason
        name, text = api.continuity_library().assay_continuity_name(result).decode(), self.result.description
        super().__init__("%s: %s (%s)" % (name, reason, text) if reason else "%s: %s" % (name, text))


class InDoubt(ContinuityError):
    """Not in time; it may still happen, so release nothing and call again. After `save`, call `wait` with `index`: the
    state is in flight, and must not be given again."""


class ContinuityStatus(NamedTuple):
    """Of an instance. instance: zeros before its first start. session: 0 before start. certified: an index, after
    ROLLBACK that of the state that the folder does not have. given: that of the newest state, after ROLLBACK of the
    folder's newest."""
    chain_id: bytes
    instance: bytes
    session: int
    view: int
    given: int
    certified: int
    certified_digest: bytes
    given_digest: bytes


def _timeout(value: int) -> int:
    return api.number_of(value, c.c_uint32)


def _bytes_for(state: Any) -> bytes:
    return state if isinstance(state, bytes) else bytes(memoryview(state))


def _raise(result: int, reason: str) -> None:
    if result == ContinuityResult.IN_DOUBT:
        raise InDoubt(result, reason)
    if result != ContinuityResult.OK:
        raise ContinuityError(result, reason)


def _options(daemon: str, folder: str, checkpoint: Any, key: Any, *, group: int, state_max: int, owner: Any, later: Any,
             later_signature: Any, handover_ms: int, lease: int = 0) -> Tuple[Any, ...]:
    """The structure, and what it points to."""
    trusted, newer = api.Borrowed(checkpoint), api.optional(later)
    return api.ContinuityOptions(
        daemon=api.text_for(daemon, "daemon"), group=api.number_of(group, c.c_uint32),
        folder=api.text_for(folder, "folder"), checkpoint=c.addressof(trusted.buffer),
        checkpoint_len=len(trusted.value), key=api.digest_for(key, "key"),
        state_max=api.number_of(state_max, c.c_size_t), owner=api.digest_for(owner, "owner", 64),
        later=None if later is None else c.addressof(newer.buffer), later_len=len(newer.value),
        later_signature=api.digest_for(later_signature, "later_signature", 64), lease=api.number_of(lease, c.c_uint32),
        handover_ms=api.number_of(handover_ms, c.c_uint32)), trusted, newer


class Continuity(api.Object):
    """One state with its history, of which no older one is accepted (assay/continuity.h). Release no output of a state
    before `save` or `wait` has returned, and no read before `confirm`. A method raises ContinuityError unless its
    result is OK.

    Timeouts are milliseconds, at most 86400000; 0: what can be done without waiting. Threads may share an object: their
    calls wait for one another. Python handles a signal when the call that waits has returned."""
    _lock: Any

    def __init__(self) -> None:
        raise TypeError("Continuity.create or Continuity.open makes one")

    @classmethod
    def create(cls, daemon: str, folder: str, checkpoint: Any, key: Any, *, group: int = 0, state_max: int = 0,
               owner: Any = None, later: Any = None, later_signature: Any = None, lease: int = 0,
               handover_ms: int = 0) -> "Continuity":
        """A new instance; nothing is sent before `start`. The owner decides that a program may create one: for a
        program that creates whenever the folder is empty, a host that empties it has undone every state.

        daemon: `listen.services` of assayd. folder: of this instance alone, made with mode 0700. checkpoint: of `assay
        checkpoint`, measured with the program or received from its owner, never from the host. key: seals the files, 32
        bytes that the host cannot learn, the same at each start. group: its number in the network's plan. state_max:
        bytes of a state, 0: 16 MiB. owner: P-256 key (x | y, 64 bytes) that may sign a later checkpoint. later,
        later_signature: such a checkpoint and its signature (r | s, 64 bytes). lease: epochs that the ledger retains
        the instance without a session or a newer state, 0: until it retires. handover_ms: how long a hand-over is
        looked for, 0: a minute."""
        given = _options(daemon, folder, checkpoint, key, group=group, state_max=state_max, owner=owner, later=later,
                         later_signature=later_signature, lease=lease, handover_ms=handover_ms)
        return cls._prepare(api.continuity_library().assay_continuity_create, given)

    @classmethod
    def open(cls, daemon: str, folder: str, checkpoint: Any, key: Any, *, group: int = 0, state_max: int = 0,
             owner: Any = None, later: Any = None, later_signature: Any = None,
             handover_ms: int = 0) -> "Continuity":
        """The instance in the folder; arguments as of `create`."""
        given = _options(daemon, folder, checkpoint, key, group=group, state_max=state_max, owner=owner, later=later,
                         later_signature=later_signature, handover_ms=handover_ms)
        return cls._prepare(api.continuity_library().assay_continuity_open, given)

    @classmethod
    def _prepare(cls, prepare: Any, given: Any) -> "Continuity":
        made = cls.__new__(cls)
        api.Object.__init__(made, api.continuity_library().assay_continuity_close)
        made._lock = threading.RLock()  # a handler of signals may close it, after a call of the same thread
        result = prepare(given[0], made._pointer)
        reason = made._reason()
        if result != ContinuityResult.OK:
            made.close()
        _raise(result, reason)
        return made

    def _reason(self) -> str:
        text: str = api.continuity_library().assay_continuity_reason(self._pointer).decode(errors="replace")
        return text

    def _call(self, function: Any, *arguments: Any) -> None:
        with self._lock:
            self._must_be_open()
            result = function(self._pointer, *arguments)
            reason = self._reason() if result != ContinuityResult.OK else ""
        _raise(result, reason)

    def _must_be_open(self) -> None:
        if not self._pointer:
            raise ContinuityError(ContinuityResult.MISUSE, "the instance is closed")

    def start(self, timeout_ms: int) -> None:
        """Start a session: the ledger numbers it, and the state of the folder is adopted if it was certified last. It
        takes up to an epoch of the network. InDoubt: call again."""
        self._call(api.continuity_library().assay_continuity_start, _timeout(timeout_ms))

    def _state(self) -> Tuple[bytes, int]:
        length, index = c.c_size_t(), c.c_uint64()
        with self._lock:
            self._must_be_open()
            found = api.continuity_library().assay_continuity_state(self._pointer, length, index)
            return c.string_at(found, length.value) if length.value else b"", index.value

    @property
    def state(self) -> bytes:
        """The state that was adopted, or given last; empty before the first one, and before start."""
        return self._state()[0]

    @property
    def index(self) -> int:
        """Index of `state`; 0 before the first one, and before start."""
        index = c.c_uint64()
        with self._lock:
            self._must_be_open()
            api.continuity_library().assay_continuity_state(self._pointer, None, index)
        return index.value

    def update(self, state: Any) -> int:
        """Give the next state, and return its index. It is durable in the folder, and sent; 4,096 may be in flight."""
        given, index = _bytes_for(state), c.c_uint64()
        self._call(api.continuity_library().assay_continuity_update, given, len(given), index)
        return index.value

    def wait(self, index: int, timeout_ms: int) -> None:
        """Wait until a state is certified: its output may be released. InDoubt: call again, and release nothing."""
        self._call(api.continuity_library().assay_continuity_wait, api.number_of(index, c.c_uint64),
                   _timeout(timeout_ms))

    def save(self, state: Any, timeout_ms: int) -> None:
        """`update`, then `wait`. InDoubt: call `wait` with `index`, and do not give the state again."""
        given = _bytes_for(state)
        self._call(api.continuity_library().assay_continuity_save, given, len(given), _timeout(timeout_ms))

    def confirm(self, timeout_ms: int) -> None:
        """A quorum confirms that this session is the newest one: what was read before the call may be released."""
        self._call(api.continuity_library().assay_continuity_confirm, _timeout(timeout_ms))

    def receipt(self, nonce: Any, timeout_ms: int) -> bytes:
        """Signatures of a quorum over the last certified state, for the relying party that sent nonce (32 bytes)."""
        receipt, length = c.create_string_buffer(_RECEIPT_MAX), c.c_size_t()
        self._call(api.continuity_library().assay_continuity_receipt, api.digest_for(nonce, "nonce"), receipt,
                   len(receipt), length, _timeout(timeout_ms))
        return receipt.raw[:length.value]

    def retire(self, timeout_ms: int) -> None:
        """Retire the instance permanently: no session of it starts again. The folder stays. InDoubt: call again."""
        self._call(api.continuity_library().assay_continuity_retire, _timeout(timeout_ms))

    def step(self, timeout_ms: int = 0) -> None:
        """Send and receive. Between calls nothing happens: call it, or a method that waits, within some seconds."""
        self._call(api.continuity_library().assay_continuity_step, _timeout(timeout_ms))

    def fileno(self) -> int:
        """The descriptor to poll for input, of `select` and `asyncio`: when it is readable, or after `timeout_ms`,
        `step` has something to do."""
        with self._lock:
            self._must_be_open()
            return int(api.continuity_library().assay_continuity_fd(self._pointer))

    @property
    def timeout_ms(self) -> int:
        """Milliseconds until `step` has something to do, at most 60000."""
        with self._lock:
            self._must_be_open()
            return int(api.continuity_library().assay_continuity_timeout_ms(self._pointer))

    @property
    def status(self) -> ContinuityStatus:
        """The session, and the indices and digests of its states."""
        found = api.ContinuityStatus()
        with self._lock:
            self._must_be_open()
            api.must(api.continuity_library().assay_continuity_get_status(self._pointer, found))
        return ContinuityStatus(*(
            value if isinstance(value, int) else bytes(value)
            for value in (getattr(found, name) for name in ContinuityStatus._fields)))

    def close(self) -> None:
        """End the session; what is in flight may still be certified. A second call does nothing."""
        with self._lock:
            api.continuity_library().assay_continuity_close(self._pointer)

    def __enter__(self) -> "Continuity":
        return self

    def __exit__(self, *_: Any) -> Optional[bool]:
        self.close()
        return None
