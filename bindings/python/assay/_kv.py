"""bindings/python/assay/_kv.py - key-value stores that a host can neither roll back nor clone, over libassay-sqlite."""
import contextlib
import ctypes as c
import threading
from types import GeneratorType
from typing import Any, Callable, Generator, Iterator, List, Optional, Tuple

from . import _library as api
from ._continuity import ContinuityError, ContinuityResult, _bytes_for, _options, _raise, _timeout


def _range(prefix: Any, start: Any, stop: Any, is_descending: bool) -> Any:
    given = [_bytes_for(bound) for bound in (prefix, start, stop)]
    return api.KvRange(prefix=given[0], prefix_len=len(given[0]), start=given[1], start_len=len(given[1]),
                       stop=given[2], stop_len=len(given[2]), is_descending=bool(is_descending))


def _answers(progress: Optional[Callable[[int], Any]], raised: List[BaseException]) -> Generator[int, int, None]:
    """What progress returns, for C. A signal handler runs where Python code goes on: in a generator that is in the
    try, in a function it would be before it. ctypes would print the exception, and the commit would wait on."""
    answer = 0
    while True:
        try:
            while True:
                waited_ms = yield answer
                answer = 1 if progress is not None and progress(waited_ms) else 0
        except GeneratorExit:
            return
        except BaseException as error:  # pylint: disable=broad-except # KeyboardInterrupt too
            raised.append(error)
            answer = 1


class KeyValueStore(api.Object):
    """An ordered store of keys (1 to 1024 bytes) and values (at most 16 MiB) in a certified database (assay/kv.h).
    Each `put` and `delete` is one certified commit, and so is each `batch`. Release nothing that was read before
    `confirm`. A method raises ContinuityError unless its result is OK.

    Timeouts are milliseconds, at most 86400000. Threads may share an object: their calls wait for one another, and for
    the end of a batch."""
    _lock: Any
    _progress: Any
    _raised: List[BaseException]  # by progress, during a call

    def __init__(self) -> None:
        raise TypeError("KeyValueStore.create or KeyValueStore.open makes one")

    @classmethod
    def create(cls, daemon: str, file: str, folder: str, checkpoint: Any, key: Any, *, group: int = 0,
               owner: Any = None, later: Any = None, later_signature: Any = None, lease: int = 0, handover_ms: int = 0,
               page_size: int = 0, progress: Optional[Callable[[int], Any]] = None) -> "KeyValueStore":
        """A new instance with an empty store, which `start` writes. file: of the database; its folder exists.
        page_size: of the database, 0: 4096. progress: called with the milliseconds that a commit has waited, about
        four times a second; a true value ends the wait, as an exception of it or of a signal handler does, and makes
        the store unusable (IN_DOUBT). The other arguments are those of Continuity.create."""
        given = _options(daemon, folder, checkpoint, key, group=group, state_max=0, owner=owner, later=later,
                         later_signature=later_signature, lease=lease, handover_ms=handover_ms)
        return cls._prepare(api.sqlite_library().assay_kv_create, given, file, page_size, progress)

    @classmethod
    def open(cls, daemon: str, file: str, folder: str, checkpoint: Any, key: Any, *, group: int = 0, owner: Any = None,
             later: Any = None, later_signature: Any = None, handover_ms: int = 0,
             progress: Optional[Callable[[int], Any]] = None) -> "KeyValueStore":
        """The store of the instance in the folder; arguments as of `create`."""
        given = _options(daemon, folder, checkpoint, key, group=group, state_max=0, owner=owner, later=later,
                         later_signature=later_signature, handover_ms=handover_ms)
        return cls._prepare(api.sqlite_library().assay_kv_open, given, file, 0, progress)

    @classmethod
    def _prepare(cls, prepare: Any, given: Any, file: str, page_size: int,
                 progress: Optional[Callable[[int], Any]]) -> "KeyValueStore":
        made = cls.__new__(cls)
        api.Object.__init__(made, api.sqlite_library().assay_kv_close)
        made._lock = threading.RLock()
        made._raised = []
        answers = _answers(progress, made._raised)
        next(answers)
        made._progress = api.PROGRESS(GeneratorType.send), answers
        options = api.SqliteOptions(continuity=c.pointer(given[0]), file=api.text_for(file, "file"),
                                    page_size=api.number_of(page_size, c.c_uint32), progress=made._progress[0],
                                    context=id(answers))
        result = prepare(options, made._pointer)
        reason = made._reason()
        if result != ContinuityResult.OK:
            made.close()
        _raise(result, reason)
        return made

    def _reason(self) -> str:
        text: str = api.sqlite_library().assay_kv_reason(self._pointer).decode(errors="replace")
        return text

    def _must_be_open(self) -> None:
        if not self._pointer:
            raise ContinuityError(ContinuityResult.MISUSE, "the store is closed")

    def _call(self, function: Any, *arguments: Any) -> None:
        """With the lock, where the call returns memory of the handle."""
        with self._lock:
            self._must_be_open()
            result = function(self._pointer, *arguments)
            reason = self._reason() if result != ContinuityResult.OK else ""
            raised = self._raised[:1]
            self._raised.clear()
        if raised:
            raise raised[0]
        _raise(result, reason)

    def start(self, timeout_ms: int) -> None:
        """Start a session, and verify the store against the commit that was certified last. It takes up to an epoch of
        the network. InDoubt: call again."""
        self._call(api.sqlite_library().assay_kv_start, _timeout(timeout_ms))

    def get(self, key: Any) -> Optional[bytes]:
        """The value of a key, in a batch as the batch leaves it; None: it has none."""
        given, value, length = _bytes_for(key), c.c_void_p(), c.c_size_t()
        with self._lock:
            self._call(api.sqlite_library().assay_kv_get, given, len(given), value, length)
            return None if value.value is None else c.string_at(value, length.value)

    def put(self, key: Any, value: Any) -> None:
        """Set the value of a key: certified when it returns, or part of the batch."""
        given, content = _bytes_for(key), _bytes_for(value)
        self._call(api.sqlite_library().assay_kv_put, given, len(given), content, len(content))

    def delete(self, key: Any) -> None:
        """Remove a key and its value, if it has one."""
        given = _bytes_for(key)
        self._call(api.sqlite_library().assay_kv_delete, given, len(given))

    @contextlib.contextmanager
    def batch(self) -> Iterator["KeyValueStore"]:
        """Changes in the block are one certified commit when it ends, and none of them is made if it raises."""
        with self._lock:
            self._call(api.sqlite_library().assay_kv_begin)
            try:
                yield self
            except BaseException:
                with contextlib.suppress(ContinuityError):  # what was raised first is the reason
                    self._call(api.sqlite_library().assay_kv_discard)
                raise
            self._call(api.sqlite_library().assay_kv_commit)

    def items(self, prefix: Any = b"", start: Any = b"", stop: Any = b"",
              descending: bool = False) -> Iterator[Tuple[bytes, bytes]]:
        """Keys and values in their order: keys that begin with prefix, from start, and before stop; empty: no such
        bound. Each step has the store as it is then, so changes are permitted meanwhile."""
        bounds, entry = _range(prefix, start, stop, descending), api.KvEntry()
        while True:
            with self._lock:
                self._call(api.sqlite_library().assay_kv_find_next, bounds, entry)
                if entry.key_len == 0:
                    return
                found = bytes(memoryview(entry.key)[:entry.key_len]), c.string_at(entry.value, entry.value_len)
            yield found

    def count(self, prefix: Any = b"", start: Any = b"", stop: Any = b"") -> int:
        """How many keys are in the range. It reads each page of it."""
        count = c.c_uint64()
        self._call(api.sqlite_library().assay_kv_count, _range(prefix, start, stop, False), count)
        return count.value

    def confirm(self, timeout_ms: int) -> None:
        """A quorum confirms that this session is the newest one: what was read before the call may be released."""
        self._call(api.sqlite_library().assay_kv_confirm, _timeout(timeout_ms))

    @property
    def index(self) -> int:
        """Index of the last certified commit; 0 before start."""
        with self._lock:
            self._must_be_open()
            return int(api.sqlite_library().assay_kv_index(self._pointer))

    @property
    def result(self) -> ContinuityResult:
        """Why each further call fails; OK: the store is usable."""
        with self._lock:
            self._must_be_open()
            return ContinuityResult(api.sqlite_library().assay_kv_result(self._pointer))

    def close(self) -> None:
        """Discard a batch, and end the session. A second call does nothing."""
        with self._lock:
            result = api.sqlite_library().assay_kv_close(self._pointer)
            reason = self._reason() if result != ContinuityResult.OK else ""
        _raise(result, reason)

    def __enter__(self) -> "KeyValueStore":
        return self

    def __exit__(self, *_: Any) -> Optional[bool]:
        self.close()
        return None
